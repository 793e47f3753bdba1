import type { Environment } from '#libs/config/parse-config.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { EXIT_CODES } from '#libs/lifecycle/exit-codes.ts';
import type { ProcessHost } from '#libs/lifecycle/process-host.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { VERSION } from '#libs/service/version.ts';
import type { Command } from './commands/command.ts';
import { COMMANDS } from './commands/commands.ts';
import { createTerminal } from './commands/terminal.ts';
import { commandHelp, programHelp } from './help.ts';
import { findCommand, readOptions, UsageError } from './read-command-line.ts';

/**
 * Runs the command line from its arguments to its exit: 0 when it did what it was asked, 1 when it was refused or
 * failed, 2 when it was not understood, 130 after Ctrl-C and 143 after SIGTERM. A second signal ends it at once.
 */
export async function runCli(
  host: ProcessHost,
  env: Environment,
  commands: readonly Command[] = COMMANDS,
): Promise<void> {
  const stopping = new AbortController();
  let interruptedWith: number | undefined;
  host.onStopSignal((signal) => {
    const code = signal === 'SIGINT' ? EXIT_CODES.interrupted : EXIT_CODES.terminated;
    if (interruptedWith !== undefined) {
      host.exit(code);
    }
    interruptedWith = code;
    stopping.abort(new StartError('interrupted'));
  });
  const isJson = host.argv.includes('--json');
  const terminal = createTerminal(host, isJson);
  let command: Command | undefined;
  try {
    const [first] = host.argv;
    if (first === '--version') {
      host.writeOut(isJson ? `${JSON.stringify({ version: VERSION })}\n` : `millrace ${VERSION}\n`);
    } else if (first === undefined || first === '--help' || first === 'help') {
      host.writeOut(programHelp(commands));
    } else {
      const found = findCommand(commands, host.argv);
      if (found.kind === 'help') {
        host.writeOut(programHelp(found.commands));
      } else {
        command = found.command;
        await run(command, found.rest);
      }
    }
    host.exit(EXIT_CODES.done);
  } catch (error) {
    terminal.clear();
    host.writeErr(describe(error, command, isJson));
    host.exit(error instanceof UsageError ? EXIT_CODES.misuse : (interruptedWith ?? EXIT_CODES.failed));
  }

  async function run(found: Command, argv: readonly string[]): Promise<void> {
    if (argv.includes('--help')) {
      host.writeOut(commandHelp(found));
      return;
    }
    const values = readOptions(found, argv, env);
    const result = await found.run(values as never, { terminal, env, signal: stopping.signal });
    terminal.clear();
    host.writeOut(isJson ? `${JSON.stringify(result.json)}\n` : `${result.text}\n`);
  }
}

function describe(error: unknown, command: Command | undefined, isJson: boolean): string {
  const isForeseen = error instanceof StartError || error instanceof DomainError;
  const message = error instanceof Error ? error.message : String(error);
  if (isJson) {
    const reason = error instanceof DomainError ? error.reason : undefined;
    return `${JSON.stringify({ error: { message, ...(reason === undefined ? {} : { reason }) } })}\n`;
  }
  const text = isForeseen || !(error instanceof Error) ? message : (error.stack ?? message);
  const hint = error instanceof UsageError ? `\nsee millrace ${command?.name ?? ''}`.trimEnd() + ' --help' : '';
  return `millrace: ${text}${hint}\n`;
}
