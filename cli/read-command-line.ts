import { parseArguments } from '#libs/config/arguments.ts';
import type { Environment } from '#libs/config/parse-config.ts';
import { maybeNearest } from '#libs/config/suggest.ts';
import { ValueFault } from '#libs/config/value-type.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { type Command, type CommandOption, optionFromKey } from './commands/command.ts';

/** The command line was not understood. One error carries every fault. */
export class UsageError extends StartError {
  constructor(faults: readonly string[]) {
    super(faults.join('; '));
    this.name = 'UsageError';
  }
}

/** Which command is meant. */
export type FoundCommand =
  | { readonly kind: 'command'; readonly command: Command; readonly rest: readonly string[] }
  /** The words name a group of commands. */
  | { readonly kind: 'help'; readonly commands: readonly Command[] };

const SWITCHES = ['--json', '--help'] as const;

/**
 * Finds the command that the first words name.
 *
 * @throws UsageError for words that name none.
 */
export function findCommand(commands: readonly Command[], argv: readonly string[]): FoundCommand {
  // Switches that every command has may come first.
  const args = argv.slice(argv.findIndex((one) => !(SWITCHES as readonly string[]).includes(one)));
  const firstOption = args.findIndex((one) => one.startsWith('-'));
  const words = firstOption < 0 ? args : args.slice(0, firstOption);
  const said = words.join(' ');
  const command = commands.find(({ name }) => name === said);
  if (command !== undefined) {
    const switches = argv.slice(0, argv.length - args.length);
    return { kind: 'command', command, rest: [...switches, ...args.slice(words.length)] };
  }
  const group = commands.filter(({ name }) => name.startsWith(`${said} `));
  if (group.length > 0) {
    return { kind: 'help', commands: group };
  }
  const nearest = maybeNearest(
    said,
    commands.map(({ name }) => name),
  );
  const hint = nearest === undefined ? '' : `: did you mean ${nearest}?`;
  throw new UsageError([said === '' ? 'no command was named' : `unknown command ${said}${hint}`]);
}

/**
 * Reads the options of a command.
 *
 * @throws UsageError that names everything that is wrong.
 */
export function readOptions(
  command: Command,
  argv: readonly string[],
  env: Environment,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(command.options).map(([key, option]) => ({ key, option, name: optionFromKey(key) }));
  const known = entries.map(({ name, option }) => ({ name, isSwitch: option.type.whenBare !== undefined }));
  const { options, faults } = parseArguments(argv, [...known, ...SWITCHES.map((name) => ({ name, isSwitch: true }))]);
  const all = [...faults];
  const values: Record<string, unknown> = {};
  for (const { key, option, name } of entries) {
    const fromEnv = option.env === undefined ? undefined : env[option.env] || undefined;
    const source = options.has(name) ? name : (option.env ?? name);
    const raw = options.has(name) ? options.get(name) : fromEnv;
    if (raw !== undefined || options.has(name)) {
      const reading = readValue(option, source, raw);
      values[key] = reading.value;
      all.push(...reading.faults);
    } else if (option.isRequired === true) {
      all.push(`${name}: is missing${option.env === undefined ? '' : `, or set ${option.env}`}`);
    }
  }
  if (all.length > 0) {
    throw new UsageError(all);
  }
  return values;
}

function readValue(
  { type }: CommandOption<unknown>,
  source: string,
  raw: string | undefined,
): { readonly value?: unknown; readonly faults: readonly string[] } {
  if (raw === undefined) {
    return type.whenBare === undefined ? { faults: [] } : { value: type.whenBare, faults: [] };
  }
  try {
    const value = type.parse(raw);
    return value === undefined ? { faults: [`${source}: must be ${type.rule}`] } : { value, faults: [] };
  } catch (error) {
    if (error instanceof ValueFault) {
      return { faults: [`${source}: ${error.message}`] };
    }
    throw error;
  }
}
