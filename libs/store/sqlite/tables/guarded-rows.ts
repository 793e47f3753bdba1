import type { RowStamp } from '#libs/store/tables/row-writer.ts';
import type { TablesFile, Values } from './tables-file.ts';

/** A table that is written behind the journal. Names are constants, values in the order of their columns. */
export interface GuardedSpec<R extends K, K> {
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly keyOf: (key: K) => Values;
  readonly columns: readonly string[];
  readonly valuesOf: (row: R) => Values;
}

/** Writes of rows that have a position, under which an older write changes nothing. */
export interface GuardedRows<R extends K, K> {
  /** Answers whether it changed anything. `isNew`: most likely nothing stands there. */
  put(stamp: RowStamp, row: R, isNew?: boolean): boolean;
  /** Writes a row only where nothing stands under its key, not even a tombstone. Answers whether it did. */
  add(stamp: RowStamp, row: R): boolean;
  /** Writes a tombstone, also where nothing stands. Answers whether it changed anything. */
  delete(stamp: RowStamp, key: K): boolean;
  /** Removes tombstones older than a time, at most `limit`; answers how many. */
  purge(before: number, limit: number): number;
}

/** Makes the writes of a table. */
export function createGuardedRows<R extends K, K>(file: TablesFile, spec: GuardedSpec<R, K>): GuardedRows<R, K> {
  const { table, keyColumns, keyOf, columns, valuesOf } = spec;
  const insert = (written: readonly string[]): string => `
    INSERT INTO ${table} (${[...keyColumns, 'position', ...written].join(', ')})
    VALUES (${[...keyColumns, 'position', ...written].map(() => '?').join(', ')})`;
  const upsert = (written: readonly string[]): string => `${insert(written)}
    ON CONFLICT (${keyColumns.join(', ')}) DO UPDATE
    SET ${['position', 'deleted_time', ...columns].map((column) => `${column} = excluded.${column}`).join(', ')}
    WHERE ${table}.position < excluded.position`;
  const put = file.prepare(upsert(columns));
  const add = file.prepare(`${insert(columns)} ON CONFLICT DO NOTHING`);
  // Columns that are not written get their defaults, which is what a tombstone has.
  const bury = file.prepare(upsert(['deleted_time']));
  const purge = file.prepare(
    `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE deleted_time < ? ORDER BY deleted_time LIMIT ?)`,
  );
  return {
    put: ({ position }, row) => put.run(...keyOf(row), position, ...valuesOf(row)).changes > 0,
    add: ({ position }, row) => add.run(...keyOf(row), position, ...valuesOf(row)).changes > 0,
    delete: ({ position, time }, key) => bury.run(...keyOf(key), position, time).changes > 0,
    purge: (before, limit) => purge.run(before, limit).changes,
  };
}
