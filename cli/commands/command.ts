import type { Environment } from '#libs/config/parse-config.ts';
import type { ValueType } from '#libs/config/value-type.ts';
import type { Terminal } from './terminal.ts';

/** An option of a command. */
export interface CommandOption<T> {
  readonly type: ValueType<T>;
  /** Begins in lower case and has no full stop. */
  readonly doc: string;
  /** The variable that counts where the option is not given. */
  readonly env?: string;
  /** Whether the command cannot do without. */
  readonly isRequired?: boolean;
}

/** The options of a command, by the key that its value has. `toFile` is given as `--to-file`. */
export type CommandOptions = Readonly<Record<string, CommandOption<unknown>>>;

/** The values of options; absent where an option was not given. */
export type OptionValues<O> = {
  readonly [K in keyof O]: O[K] extends CommandOption<infer T>
    ? O[K] extends { readonly isRequired: true }
      ? T
      : T | undefined
    : never;
};

/** What a command gets to run with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: Environment;
  /** Aborts when somebody presses Ctrl-C or asks the process to end. */
  readonly signal: AbortSignal;
}

/** Something that the program does. */
export interface Command<O extends CommandOptions = CommandOptions> {
  /** The words that name it, for example `admin backup`. */
  readonly name: string;
  /** One line, beginning in lower case, without a full stop. */
  readonly summary: string;
  /** What the user should know besides, as whole lines. */
  readonly notes?: string;
  readonly options: O;
  /**
   * Does it. Answers what to print: as an object for `--json` and as text for people.
   *
   * @throws StartError or DomainError for what is refused.
   */
  run(values: OptionValues<O>, context: CommandContext): Promise<CommandResult>;
}

/** What came of a command. */
export interface CommandResult {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Ties the values that `run` gets to the options. */
export function defineCommand<const O extends CommandOptions>(command: Command<O>): Command {
  return command as unknown as Command;
}

/** The spelling of an option. */
export function optionFromKey(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
