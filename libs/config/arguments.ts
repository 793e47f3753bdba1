import { maybeNearest } from './suggest.ts';

/** An option that a program knows. */
export interface KnownOption {
  /** With its dashes. */
  readonly name: string;
  /** Whether it may be given without a value. */
  readonly isSwitch: boolean;
}

/** What the arguments say, before anything is read as a value. */
export interface ParsedArguments {
  /** The text of each option that was given; undefined for a switch without a value. */
  readonly options: ReadonlyMap<string, string | undefined>;
  /** One sentence for each argument that cannot be. */
  readonly faults: readonly string[];
}

/** Reads `--name value`, `--name=value` and, for switches, `--name`. */
export function parseArguments(argv: readonly string[], known: readonly KnownOption[]): ParsedArguments {
  const options = new Map<string, string | undefined>();
  const faults: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? '';
    const equals = argument.indexOf('=');
    const name = equals < 0 ? argument : argument.slice(0, equals);
    const option = known.find((one) => one.name === name);
    const next = argv[index + 1];
    const isValueNext = equals < 0 && option?.isSwitch !== true && next !== undefined && !next.startsWith('--');
    if (option === undefined) {
      faults.push(describeUnknown(name, known));
      index += isValueNext && name.startsWith('--') ? 1 : 0;
      continue;
    }
    if (options.has(name)) {
      faults.push(`${name}: given more than once`);
    }
    if (equals < 0 && !isValueNext && !option.isSwitch) {
      faults.push(`${name}: needs a value`);
      continue;
    }
    options.set(name, equals >= 0 ? argument.slice(equals + 1) : isValueNext ? next : undefined);
    index += isValueNext ? 1 : 0;
  }
  return { options, faults };
}

function describeUnknown(name: string, known: readonly KnownOption[]): string {
  if (!name.startsWith('-')) {
    return `unexpected argument ${name}: only options are taken, see --help`;
  }
  const nearest = maybeNearest(
    name,
    known.map((option) => option.name),
  );
  return `unknown option ${name}: ${nearest === undefined ? 'see --help' : `did you mean ${nearest}?`}`;
}
