import type { RowStamp } from '#libs/store/tables/row-writer.ts';
import { createSortedRows, type SortedRows } from './sorted-rows.ts';

/** A row with what its key's slot is. */
export interface Entry<R> {
  readonly slot: number;
  readonly row: R;
}

/** Rows that are written behind the journal: each with a position, under which an older write changes nothing. */
export interface GuardedRows<R extends K, K> {
  read(key: K): R | undefined;
  /** All rows that are no tombstones, in no order. */
  rows(): Iterable<R>;
  put(stamp: RowStamp, row: R): void;
  delete(stamp: RowStamp, key: K): void;
  /** Removes a row with no tombstone in its place. */
  drop(row: R): void;
  purge(before: number, limit: number): number;
  /** The rows that `has` is true for, kept in an order. */
  view(has: (row: R) => boolean, compare: (a: Entry<R>, b: Entry<R>) => number): SortedRows<Entry<R>>;
}

/** What stands under a key: a row, or since `deletedTime` a tombstone. */
interface Standing<R> {
  readonly position: number;
  readonly entry: Entry<R> | undefined;
  readonly deletedTime: number;
}

/** Makes an empty table whose rows are told apart by what `partsOf` answers. */
export function createGuardedRows<R extends K & { readonly body: Uint8Array }, K>(
  partsOf: (key: K) => readonly (string | number)[],
  slotOf: (key: K) => number,
): GuardedRows<R, K> {
  const standings = new Map<string, Standing<R>>();
  const views: { readonly has: (row: R) => boolean; readonly rows: SortedRows<Entry<R>> }[] = [];
  const textOf = (key: K): string => JSON.stringify(partsOf(key));

  function replace(text: string, standing: Standing<R> | undefined): void {
    const old = standings.get(text)?.entry;
    for (const { has, rows } of views) {
      if (old !== undefined && has(old.row)) {
        rows.remove(old);
      }
      if (standing?.entry !== undefined && has(standing.entry.row)) {
        rows.add(standing.entry);
      }
    }
    if (standing === undefined) {
      standings.delete(text);
    } else {
      standings.set(text, standing);
    }
  }

  function write(position: number, key: K, entry: Entry<R> | undefined, deletedTime: number): void {
    const text = textOf(key);
    const standing = standings.get(text);
    if (standing === undefined || standing.position < position) {
      replace(text, { position, entry, deletedTime });
    }
  }

  return {
    read: (key) => standings.get(textOf(key))?.entry?.row,
    *rows() {
      for (const { entry } of standings.values()) {
        if (entry !== undefined) {
          yield entry.row;
        }
      }
    },
    put: ({ position }, row) =>
      // A copy, because bytes may be written again by whoever made them.
      write(position, row, { slot: slotOf(row), row: { ...row, body: new Uint8Array(row.body) } }, 0),
    delete: ({ position, time }, key) => write(position, key, undefined, time),
    drop: (row) => replace(textOf(row), undefined),
    purge(before, limit) {
      let count = 0;
      for (const [text, { entry, deletedTime }] of standings) {
        if (count < limit && entry === undefined && deletedTime < before) {
          standings.delete(text);
          count += 1;
        }
      }
      return count;
    },
    view(has, compare) {
      const rows = createSortedRows(compare);
      views.push({ has, rows });
      return rows;
    },
  };
}
