import type { Environment } from '#libs/config/parse-config.ts';
import type { ValueType } from '#libs/config/value-type.ts';
import type { Output } from './output.ts';
import type { Terminal } from './terminal.ts';

/** A value that a command takes by its place, such as the run in `run get order-42`. */
export interface CommandArgument<T> {
  readonly type: ValueType<T>;
  /** Begins in lower case and has no full stop. */
  readonly doc: string;
  /** Whether the command cannot do without. Those that are required come first. */
  readonly isRequired?: boolean;
}

/** An option of a command. */
export interface CommandOption<T> extends CommandArgument<T> {
  /** The variable that counts where the option is not given. */
  readonly env?: string;
  /** What counts where neither is given. Absent: nothing does. */
  readonly default?: T;
}

/** The options of a command, by the key that its value has. `toFile` is given as `--to-file`. */
export type CommandOptions = Readonly<Record<string, CommandOption<unknown>>>;

/** The arguments of a command in their order, by the key that its value has. `workerId` is shown as `<worker-id>`. */
export type CommandArguments = Readonly<Record<string, CommandArgument<unknown>>>;

/** The values of options or arguments; absent where one was not given and has no default. */
export type OptionValues<O> = {
  readonly [K in keyof O]: O[K] extends CommandArgument<infer T>
    ? O[K] extends { readonly isRequired: true } | { readonly default: unknown }
      ? T
      : T | undefined
    : never;
};

/** What a command gets to run with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** For commands that print before they end. */
  readonly out: Output;
  readonly env: Environment;
  /** Aborts when somebody presses Ctrl-C or asks the process to end. */
  readonly signal: AbortSignal;
  /** What comes on standard input, for one reader. It ends with an error when `signal` aborts. */
  readonly readInput: () => AsyncIterable<Uint8Array>;
  /** A clock that only goes forward. */
  readonly nowMs: () => number;
  /** The time of day, in milliseconds since 1970. */
  readonly wallMs: () => number;
}

/** Something that the program does. */
export interface Command<O extends CommandOptions = CommandOptions, A extends CommandArguments = CommandArguments> {
  /** The words that name it, for example `admin backup`. */
  readonly name: string;
  /** One line, beginning in lower case, without a full stop. */
  readonly summary: string;
  /** What the user should know besides, as whole lines. */
  readonly notes?: string;
  /** Whether a file may follow the first of the words alone: `worker ./flows.ts` is `worker run ./flows.ts`. */
  readonly isOfFiles?: boolean;
  /** What it takes by place. Default: nothing. */
  readonly args?: A;
  readonly options: O;
  /** Names what contradicts itself in values that are fine one by one; each sentence names the options. */
  check?(values: OptionValues<O> & OptionValues<A>): readonly string[];
  /**
   * Does it. Answers what to print: as an object for `--json` and as text for people.
   *
   * @throws UsageError for what can only be told now, StartError or DomainError for what is refused.
   */
  run(values: OptionValues<O> & OptionValues<A>, context: CommandContext): Promise<CommandResult>;
}

/** What came of a command. */
export interface CommandResult {
  /** Printed as one line with `--json`. Absent: nothing is left to print. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** Printed otherwise, as lines of its own. Empty or absent: nothing is left to print. */
  readonly text?: string;
  /** How the program ends. Default 0. */
  readonly exitCode?: number;
}

/** Ties the values that `run` gets to the options and arguments. */
export function defineCommand<const O extends CommandOptions, const A extends CommandArguments = Record<never, never>>(
  command: Command<O, A>,
): Command {
  return command as unknown as Command;
}

/** The spelling of an option. */
export function optionFromKey(key: string): string {
  return `--${kebabFromKey(key)}`;
}

/** How an argument is named in the help and in faults. */
export function argumentFromKey(key: string): string {
  return `<${kebabFromKey(key)}>`;
}

function kebabFromKey(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
