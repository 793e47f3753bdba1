import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import type { RowStamp, RowWrite } from '#libs/store/tables/row-writer.ts';
import type { TablesFile, Values } from '../tables/tables-file.ts';

/** What is done to the tables of a state service, each in a transaction of its own. */
export interface Writes {
  /** Writes rows unless newer ones stand, in their order. */
  rows(stamp: RowStamp, writes: readonly RowWrite[]): void;
  /** Puts tombstones in place of an incarnation's head and past head. */
  bury(stamp: RowStamp, key: IncarnationKey): void;
  /** Removes rows that go with their incarnation; at most `most`; answers how many. */
  drop(key: IncarnationKey, most: number): number;
  /** Removes tombstones that are older than a time; at most `most`; answers how many. */
  purge(before: number, most: number): number;
  /** Runs a statement; answers how many rows were changed. What was written before it is durable then, and so is this. */
  run(sql: string, values: Values): number;
}

/** The same, done wherever the store writes. */
export type QueuedWrites = {
  readonly [K in keyof Writes]: (
    ...args: [...Parameters<Writes[K]>, signal?: AbortSignal]
  ) => Promise<ReturnType<Writes[K]>>;
};

/** A file for reading, whose statements that write are run where the store writes. */
export interface WritableFile extends TablesFile {
  /** Prepares a statement that is a durable transaction of its own; it answers how many rows were changed. */
  prepareWrite(sql: string): (...values: Values) => Promise<number>;
}
