import type { StandardSchema } from '../values/standard-schema.ts';

/** A signal that runs wait for, with what it carries. */
export interface Signal<T> {
  readonly name: string;
  /** Checks what it carries, where it is sent and where it arrives. Absent: anything goes. */
  readonly schema: StandardSchema<unknown, T> | undefined;
}

/** Names a signal. It is sent by the same name from any language. */
export function signal<T = undefined>(name: string, schema?: StandardSchema<unknown, T>): Signal<T> {
  return { name, schema };
}
