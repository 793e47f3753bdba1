import { VERSION } from '#libs/service/version.ts';
import { type Command, optionFromKey } from './commands/command.ts';

/** The text of `--help` for some commands. */
export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  millrace ${name.padEnd(width)}  ${summary}`);
  return `millrace ${VERSION}: durable workflows

${lines.join('\n')}

  --help     show this, or what a command takes
  --json     answer with one line of JSON
  --version  show the version

Exit codes: 0 done, 1 refused or failed, 2 not understood, 130 and 143 interrupted.
`;
}

/** The text of `--help` for one command. */
export function commandHelp({ name, summary, notes, options }: Command): string {
  const lines = Object.entries(options).map(([key, { type, doc, env, isRequired }]) => {
    const value = type.whenBare === undefined ? ` <${type.placeholder}>` : '';
    const hints = [...(isRequired === true ? ['required'] : []), ...(env === undefined ? [] : [`or ${env}`])];
    return `  ${optionFromKey(key)}${value}\n      ${doc}${hints.length === 0 ? '' : ` (${hints.join(', ')})`}`;
  });
  return `millrace ${name}: ${summary}

${lines.join('\n\n')}
${notes === undefined ? '' : `\n${notes}\n`}`;
}
