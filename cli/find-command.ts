import { maybeNearest } from '#libs/config/suggest.ts';
import type { Command } from './commands/command.ts';
import { UsageError } from './commands/usage-error.ts';
import { COMMON_SWITCHES } from './common-switches.ts';

/** Which command is meant. */
export type FoundCommand =
  | { readonly kind: 'command'; readonly command: Command; readonly rest: readonly string[] }
  /** The words name a group of commands. */
  | { readonly kind: 'help'; readonly commands: readonly Command[] };

/**
 * Finds the command that the first words name. The words after its name, and the switches before it, are the rest.
 *
 * @throws UsageError for words that name none.
 */
export function findCommand(commands: readonly Command[], argv: readonly string[]): FoundCommand {
  // Switches that every command has may come first.
  const first = argv.findIndex((one) => !(COMMON_SWITCHES as readonly string[]).includes(one));
  const switches = first < 0 ? argv : argv.slice(0, first);
  const args = argv.slice(switches.length);
  const firstOption = args.findIndex((one) => one.startsWith('-'));
  const words = firstOption < 0 ? args : args.slice(0, firstOption);
  for (let count = words.length; count > 0; count -= 1) {
    const name = words.slice(0, count).join(' ');
    const command = commands.find((one) => one.name === name);
    if (command !== undefined) {
      return { kind: 'command', command, rest: [...switches, ...args.slice(count)] };
    }
  }
  const [topic = '', file = ''] = words;
  const ofFiles = commands.find(({ name, isOfFiles }) => isOfFiles === true && name.startsWith(`${topic} `));
  if (ofFiles !== undefined && isFile(file)) {
    return { kind: 'command', command: ofFiles, rest: [...switches, ...args.slice(1)] };
  }
  const said = words.join(' ');
  const group = commands.filter(({ name }) => name.startsWith(`${said} `));
  if (group.length > 0) {
    return { kind: 'help', commands: group };
  }
  throw new UsageError([said === '' ? 'no command was named' : describeUnknown(commands, words)]);
}

/** No command has such a name. */
function isFile(word: string): boolean {
  return /[./\\]/.test(word);
}

function describeUnknown(commands: readonly Command[], words: readonly string[]): string {
  const names = commands.map(({ name }) => name);
  // What follows the name is not a part of it: the run in `run gte order-42`.
  const length = Math.max(...names.map((name) => name.split(' ').length));
  const said = words.slice(0, length).join(' ');
  const nearest = maybeNearest(said, names);
  return `unknown command ${said}${nearest === undefined ? '' : `: did you mean ${nearest}?`}`;
}
