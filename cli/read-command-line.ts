import { parseArguments } from '#libs/config/arguments.ts';
import type { Environment } from '#libs/config/parse-config.ts';
import { ValueFault, type ValueType } from '#libs/config/value-type.ts';
import { argumentFromKey, type Command, type CommandOption, optionFromKey } from './commands/command.ts';
import { UsageError } from './commands/usage-error.ts';
import { COMMON_SWITCHES } from './common-switches.ts';
import { splitArguments } from './split-arguments.ts';

/** Some values by their keys, and what is wrong with the others. */
interface Reading {
  readonly values: Readonly<Record<string, unknown>>;
  readonly faults: readonly string[];
}

/**
 * Reads the options and arguments of a command.
 *
 * @throws UsageError that names everything that is wrong.
 */
export function readCommandLine(
  command: Command,
  argv: readonly string[],
  env: Environment,
): Readonly<Record<string, unknown>> {
  const known = [
    ...Object.entries(command.options).map(([key, { type }]) => {
      return { name: optionFromKey(key), isSwitch: type.whenBare !== undefined };
    }),
    ...COMMON_SWITCHES.map((name) => ({ name, isSwitch: true })),
  ];
  const split = splitArguments(argv, known);
  const given = parseArguments(split.options, known);
  const options = readOptions(command, given.options, env);
  // A misspelled option may have taken a word for its value: then it is the option that has to be mended first.
  const args = given.faults.length > 0 ? { values: {}, faults: [] } : readArguments(command, split.positionals);
  const values = { ...options.values, ...args.values };
  const faults = [...given.faults, ...args.faults, ...options.faults];
  const all = faults.length > 0 ? faults : (command.check?.(values as never) ?? []);
  if (all.length > 0) {
    throw new UsageError(all);
  }
  return values;
}

function readOptions(command: Command, given: ReadonlyMap<string, string | undefined>, env: Environment): Reading {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [key, option] of Object.entries(command.options)) {
    const name = optionFromKey(key);
    const fromEnv = option.env === undefined ? undefined : env[option.env] || undefined;
    const source = given.has(name) ? name : (option.env ?? name);
    const raw = given.has(name) ? given.get(name) : fromEnv;
    if (raw !== undefined || given.has(name)) {
      const reading = readValue(option.type, source, raw);
      values[key] = reading.value;
      faults.push(...reading.faults);
    } else if (option.default !== undefined) {
      values[key] = option.default;
    } else if (option.isRequired === true) {
      faults.push(`${name}: is missing${describeVariable(option)}`);
    }
  }
  return { values, faults };
}

function describeVariable({ env }: CommandOption<unknown>): string {
  return env === undefined ? '' : `, or set ${env}`;
}

function readArguments(command: Command, positionals: readonly string[]): Reading {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  const entries = Object.entries(command.args ?? {});
  for (const [index, [key, { type, isRequired }]] of entries.entries()) {
    const raw = positionals[index];
    if (raw !== undefined) {
      const reading = readValue(type, argumentFromKey(key), raw);
      values[key] = reading.value;
      faults.push(...reading.faults);
    } else if (isRequired === true) {
      faults.push(`${argumentFromKey(key)}: is missing`);
    }
  }
  const takes = entries.length === 0 ? 'only options are taken, see --help' : 'see --help';
  faults.push(...positionals.slice(entries.length).map((one) => `unexpected argument ${one}: ${takes}`));
  return { values, faults };
}

function readValue(
  type: ValueType<unknown>,
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
