import type { ValueType } from './value-type.ts';

/** One setting: an environment variable that is an option too. */
export interface ConfigEntry<T> {
  /** The variable. It may neither end in `_PORT` nor contain `_PORT` or `_SERVICE_`: Kubernetes makes such names. */
  readonly env: `MILLRACE_${string}`;
  readonly type: ValueType<NonNullable<T>>;
  /** What holds where nobody says otherwise; undefined: nothing. */
  readonly default: T;
  /** One sentence without a full stop: what it does. */
  readonly doc: string;
  /** Its value is never shown: not in errors, not in the help. */
  readonly isSecret?: boolean;
}

/** The settings of a program, by the names that its configuration object has for them. */
export type ConfigTable<T> = { readonly [K in keyof T]: ConfigEntry<T[K]> };

/** What is needed to read a program's configuration and to explain it. */
export interface ConfigDefinition<T> {
  /** What the program calls itself, for example `millrace-state`. */
  readonly program: string;
  /** What the program is, in one sentence without a full stop. */
  readonly summary: string;
  readonly version: string;
  /** The part that the options leave out of the variables' names: `STATE_` makes `--grpc-listen`. */
  readonly prefix: string;
  readonly table: ConfigTable<T>;
  /** Names what contradicts itself in values that are fine one by one; each sentence names the variables. */
  check?(config: T): readonly string[];
}

/** The option of a variable: `MILLRACE_STATE_GRPC_LISTEN` is `--grpc-listen` where the prefix is `STATE_`. */
export function optionName(env: string, prefix: string): string {
  const plain = env.slice('MILLRACE_'.length);
  const short = plain.startsWith(prefix) ? plain.slice(prefix.length) : plain;
  return `--${short.toLowerCase().replaceAll('_', '-')}`;
}

/** The entries of a table with their keys, in the order in which they are written. */
export function entriesOf<T>(table: ConfigTable<T>): readonly (readonly [keyof T & string, ConfigEntry<unknown>])[] {
  return Object.entries(table) as [keyof T & string, ConfigEntry<unknown>][];
}
