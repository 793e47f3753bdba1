import type { KnownOption } from '#libs/config/arguments.ts';

/** What a command takes by place, and the options with their values. */
export interface SplitArguments {
  readonly positionals: readonly string[];
  readonly options: readonly string[];
}

/**
 * Parts what stands by itself from the options and their values; both keep their order. After `--` everything stands by
 * itself. A lone `-` does too, unless it is an option's value.
 */
export function splitArguments(argv: readonly string[], known: readonly KnownOption[]): SplitArguments {
  const positionals: string[] = [];
  const options: string[] = [];
  let takesNext: boolean = false;
  for (const [index, argument] of argv.entries()) {
    if (argument === '--') {
      positionals.push(...argv.slice(index + 1));
      break;
    }
    if (argument.startsWith('-') && argument !== '-') {
      // A value may begin with one dash, as a negative number does.
      const isValue: boolean = takesNext && !argument.startsWith('--');
      options.push(argument);
      takesNext = !isValue && takesValue(argument, known);
    } else {
      (takesNext ? options : positionals).push(argument);
      takesNext = false;
    }
  }
  return { positionals, options };
}

function takesValue(argument: string, known: readonly KnownOption[]): boolean {
  if (argument.includes('=')) {
    return false;
  }
  const option = known.find(({ name }) => name === argument);
  // Of an option that nobody knows the next word is most likely its value.
  return option === undefined ? argument.startsWith('--') : !option.isSwitch;
}
