import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import type { OwnedRows, OwnedTable, RowStamp } from '#libs/store/tables/row-writer.ts';

/** What the writer of rounds needs of a table. */
export interface OwnedWriter<T extends OwnedTable> {
  put(stamp: RowStamp, row: OwnedRows[T]['row']): void;
  delete(stamp: RowStamp, key: OwnedRows[T]['key']): void;
  purge(before: number, limit: number): number;
}

/** The writers of all tables that an owner writes. */
export type OwnedWriters = { readonly [T in OwnedTable]: OwnedWriter<T> };

/** The rows of a table that go with their incarnation. */
export interface IncarnationPart {
  /** Removes at most `limit` of them, with no tombstones in their place; answers how many. */
  drop(key: IncarnationKey, limit: number): number;
  isEmpty(key: IncarnationKey): boolean;
}
