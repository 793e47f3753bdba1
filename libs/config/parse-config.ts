import { type KnownOption, parseArguments } from './arguments.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigDefinition, type ConfigEntry, entriesOf, optionName } from './config-table.ts';
import { isForeign } from './foreign-variables.ts';
import { renderHelp } from './help.ts';
import { maybeNearest } from './suggest.ts';
import { ValueFault } from './value-type.ts';

/** What came of reading a configuration: the values, or a text that was asked for instead. */
export type ConfigReading<T> =
  | { readonly kind: 'config'; readonly config: Readonly<T> }
  | { readonly kind: 'text'; readonly text: string };

/** An environment, as a process has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

const HELP: readonly KnownOption[] = [
  { name: '--help', isSwitch: true },
  { name: '--version', isSwitch: true },
];

/**
 * Reads a program's configuration from its environment and its arguments. An option wins over its variable; an empty
 * variable counts as not set. The answer is frozen.
 *
 * @throws ConfigError that names every offending variable and option at once.
 */
export function parseConfig<T>(
  definition: ConfigDefinition<T>,
  env: Environment,
  argv: readonly string[],
): ConfigReading<T> {
  const entries = entriesOf(definition.table).map(([key, entry]) => {
    const option = optionName(entry.env, definition.prefix);
    return { key, entry, option };
  });
  const known = entries.map(({ entry, option }) => ({ name: option, isSwitch: entry.type.whenBare !== undefined }));
  const { options, faults: argumentFaults } = parseArguments(argv, [...known, ...HELP]);
  if (options.has('--help')) {
    return { kind: 'text', text: renderHelp(definition) };
  }
  if (options.has('--version')) {
    return { kind: 'text', text: `${definition.program} ${definition.version}\n` };
  }

  const names = entries.map(({ entry }) => entry.env);
  const valueFaults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const { key, entry, option } of entries) {
    const source = options.has(option) ? option : entry.env;
    const raw = options.has(option) ? options.get(option) : env[entry.env] || undefined;
    const isBare = options.has(option) && raw === undefined;
    const reading = isBare ? { value: entry.type.whenBare } : readValue(entry, source, raw);
    if ('fault' in reading) {
      valueFaults.push(reading.fault);
    } else {
      values[key] = reading.value;
    }
  }
  // The loop above has put a value of its entry's type under every key of the table, or a fault.
  const config = Object.freeze(values) as Readonly<T>;
  if (valueFaults.length === 0) {
    valueFaults.push(...(definition.check?.(config) ?? []));
  }
  const faults = [...unknownVariables(env, names), ...argumentFaults, ...valueFaults];
  if (faults.length > 0) {
    throw new ConfigError(faults);
  }
  return { kind: 'config', config };
}

function readValue(
  entry: ConfigEntry<unknown>,
  source: string,
  raw: string | undefined,
): { value: unknown } | { fault: string } {
  if (raw === undefined) {
    return { value: entry.default };
  }
  try {
    const value = entry.type.parse(raw);
    const found = entry.isSecret === true ? '' : `, not ${JSON.stringify(raw)}`;
    return value === undefined ? { fault: `${source}: must be ${entry.type.rule}${found}` } : { value };
  } catch (error) {
    if (error instanceof ValueFault) {
      return { fault: `${source}: ${error.message}` };
    }
    throw error;
  }
}

function unknownVariables(env: Environment, known: readonly string[]): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('MILLRACE_') && !known.includes(name) && !isForeign(name))
    .map((name) => {
      const nearest = maybeNearest(name, known);
      return `unknown variable ${name}: ${nearest === undefined ? 'see --help' : `did you mean ${nearest}?`}`;
    });
}
