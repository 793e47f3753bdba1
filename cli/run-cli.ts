import type { Environment } from '#libs/config/parse-config.ts';
import { EXIT_CODES } from '#libs/lifecycle/exit-codes.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { createSignalJudge } from '#libs/lifecycle/stop-signals.ts';
import { VERSION } from '#libs/service/version.ts';
import type { CliHost } from './cli-host.ts';
import type { Command } from './commands/command.ts';
import { COMMANDS } from './commands/commands.ts';
import { CLI_EXIT_CODES } from './commands/exit-codes.ts';
import { createOutput } from './commands/output.ts';
import { readUntilAborted } from './commands/read-until-aborted.ts';
import { createTerminal } from './commands/terminal.ts';
import { UsageError } from './commands/usage-error.ts';
import { hasSwitch, spellSwitches } from './common-switches.ts';
import { errorJson, errorText } from './describe-error.ts';
import { findCommand } from './find-command.ts';
import { commandHelp, programHelp } from './help.ts';
import { readCommandLine } from './read-command-line.ts';

/**
 * Runs the command line from its arguments to its exit: 0 when it did what it was asked, 1 when it was refused or
 * failed, 2 when it was not understood, 3 to 6 for how a run stands that was waited for, 130 after Ctrl-C and 143 after
 * SIGTERM. A worker that was asked to end and has drained did what it was asked. A second signal ends it at once.
 */
export async function runCli(host: CliHost, env: Environment, commands: readonly Command[] = COMMANDS): Promise<void> {
  const stopping = new AbortController();
  let interruptedWith: number | undefined;
  const judge = createSignalJudge();
  host.onStopSignal((signal) => {
    const verdict = judge(signal, host.nowMs());
    if (verdict.kind === 'drain') {
      interruptedWith = signal === 'SIGINT' ? EXIT_CODES.interrupted : EXIT_CODES.terminated;
      stopping.abort(new StartError('interrupted'));
    } else if (verdict.kind === 'exit') {
      host.exit(verdict.code);
    }
  });
  const argv = spellSwitches(host.argv);
  const isJson = hasSwitch(argv, '--json');
  const readInput = (): AsyncIterable<Uint8Array> => readUntilAborted(host.readIn(), stopping.signal);
  const terminal = createTerminal(host, isJson, { isInTerminal: host.isInTerminal, read: readInput });
  const out = createOutput(host, terminal, isJson);
  let command: Command | undefined;
  let code: number;
  try {
    code = await start();
  } catch (error) {
    terminal.clear();
    // What an interruption leads to says nothing about it.
    const shown = interruptedWith === undefined ? error : stopping.signal.reason;
    host.writeErr(isJson ? errorJson(shown) : errorText(shown, command));
    code = interruptedWith ?? (error instanceof UsageError ? CLI_EXIT_CODES.misuse : CLI_EXIT_CODES.failed);
  }
  await host.flush();
  host.exit(code);

  async function start(): Promise<number> {
    const [first] = argv;
    if (first === '--version') {
      host.writeOut(isJson ? `${JSON.stringify({ version: VERSION })}\n` : `millrace ${VERSION}\n`);
      return CLI_EXIT_CODES.done;
    }
    if (first === undefined || first === '--help' || first === 'help') {
      host.writeOut(programHelp(commands));
      return CLI_EXIT_CODES.done;
    }
    const found = findCommand(commands, argv);
    if (found.kind === 'help') {
      host.writeOut(programHelp(found.commands));
      return CLI_EXIT_CODES.done;
    }
    command = found.command;
    return await run(command, found.rest);
  }

  async function run(found: Command, rest: readonly string[]): Promise<number> {
    if (hasSwitch(rest, '--help')) {
      host.writeOut(commandHelp(found));
      return CLI_EXIT_CODES.done;
    }
    const values = readCommandLine(found, rest, env);
    const result = await found.run(values as never, {
      terminal,
      out,
      env,
      signal: stopping.signal,
      readInput,
      nowMs: () => host.nowMs(),
      wallMs: () => host.wallMs(),
    });
    out.print(result);
    return result.exitCode ?? CLI_EXIT_CODES.done;
  }
}
