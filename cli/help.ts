import { VERSION } from '#libs/service/version.ts';
import { argumentFromKey, type Command, type CommandOption, optionFromKey } from './commands/command.ts';

/** The text of `--help` for some commands. */
export function programHelp(commands: readonly Command[]): string {
  const usages = commands.map((command) => ({ command, usage: usageOf(command) }));
  const width = Math.max(...usages.map(({ usage }) => usage.length));
  const lines = usages.map(({ command, usage }, index) => {
    const isNewGroup = index > 0 && groupOf(command) !== groupOf(usages[index - 1]?.command);
    return `${isNewGroup ? '\n' : ''}  millrace ${usage.padEnd(width)}  ${command.summary}`;
  });
  return `millrace ${VERSION}: durable workflows

${lines.join('\n')}

  --help     show this, or what a command takes
  --json     answer with JSON, a line for each answer; -o json is the same
  --version  show the version

Exit codes: 0 done, 1 refused or failed, 2 not understood, 130 and 143 interrupted; of a run that is waited for 3 FAILED,
4 CANCELLED, 5 TERMINATED, 6 still open when the time was up.
`;
}

/** The text of `--help` for one command. */
export function commandHelp(command: Command): string {
  const { summary, notes, options, args = {} } = command;
  const lines = [
    ...Object.entries(args).map(([key, { type, doc, isRequired }]) => {
      const value = type.placeholder === 'text' ? '' : ` ${type.placeholder}`;
      return `  ${argumentFromKey(key)}${value}\n      ${doc}${isRequired === true ? ' (required)' : ''}`;
    }),
    ...Object.entries(options).map(([key, option]) => {
      const value = option.type.whenBare === undefined ? ` <${option.type.placeholder}>` : '';
      return `  ${optionFromKey(key)}${value}\n      ${option.doc}${describeHints(option)}`;
    }),
  ];
  return `millrace ${usageOf(command)}: ${summary}

${lines.join('\n\n')}
${notes === undefined ? '' : `\n${notes}\n`}`;
}

/** The command with what it takes by place. */
function usageOf({ name, args = {} }: Command): string {
  const words = Object.entries(args).map(([key, { isRequired }]) => {
    return isRequired === true ? argumentFromKey(key) : `[${argumentFromKey(key)}]`;
  });
  return [name, ...words].join(' ');
}

function groupOf(command: Command | undefined): string {
  return command?.name.split(' ', 1)[0] ?? '';
}

function describeHints({ isRequired, env, type, default: fallback }: CommandOption<unknown>): string {
  const hints = [
    ...(isRequired === true ? ['required'] : []),
    ...(env === undefined ? [] : [`or ${env}`]),
    ...(fallback === undefined ? [] : [`default ${type.format(fallback)}`]),
  ];
  return hints.length === 0 ? '' : ` (${hints.join(', ')})`;
}
