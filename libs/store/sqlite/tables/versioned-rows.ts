import { assertRow } from '#libs/store/tables/row-limits.ts';
import type { Unversioned, Versioned, VersionedTable } from '#libs/store/tables/versioned.ts';
import type { WritableFile } from '../writes/writes.ts';
import type { SqlRow, Values } from './tables-file.ts';

/** A table whose rows are replaced by compare-and-set. Names are constants, values in the order of their columns. */
export interface VersionedSpec<K, R extends Versioned> {
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly keyValues: (key: K) => Values;
  readonly keyOf: (row: Unversioned<R>) => K;
  readonly columns: readonly string[];
  readonly valuesOf: (row: Unversioned<R>) => Values;
  readonly fromSql: (row: SqlRow) => R;
}

/** The columns that a row is read from. */
export function columnsOf({
  keyColumns,
  columns,
}: Pick<VersionedSpec<never, Versioned>, 'keyColumns' | 'columns'>): string {
  return [...keyColumns, 'revision', ...columns].join(', ');
}

/** Makes the reads and writes of a table by key. */
export function createVersionedRows<K, R extends Versioned>(
  file: WritableFile,
  spec: VersionedSpec<K, R>,
): VersionedTable<K, R> {
  const { table, keyColumns, keyValues, keyOf, columns, valuesOf, fromSql } = spec;
  const ofKey = keyColumns.map((column) => `${column} = ?`).join(' AND ');
  const read = file.prepare(`SELECT ${columnsOf(spec)} FROM ${table} WHERE ${ofKey}`);
  const insert = file.prepareWrite(`
    INSERT INTO ${table} (${[...keyColumns, ...columns].join(', ')}, revision)
    VALUES (${[...keyColumns, ...columns].map(() => '?').join(', ')}, 1) ON CONFLICT DO NOTHING`);
  // OR IGNORE: another row may have a field that is unique.
  const replace = file.prepareWrite(`
    UPDATE OR IGNORE ${table} SET ${columns.map((column) => `${column} = ?`).join(', ')}, revision = revision + 1
    WHERE ${ofKey} AND revision = ?`);
  const remove = file.prepareWrite(`DELETE FROM ${table} WHERE ${ofKey} AND revision = ?`);
  return {
    async read(key) {
      const row = read.get(...keyValues(key));
      return row && fromSql(row);
    },
    async insert(row) {
      assertRow(table, row);
      return (await insert(...keyValues(keyOf(row)), ...valuesOf(row))) > 0;
    },
    async replace(row) {
      assertRow(table, row);
      return (await replace(...valuesOf(row), ...keyValues(keyOf(row)), row.revision)) > 0;
    },
    delete: async (key, revision) => (await remove(...keyValues(key), revision)) > 0,
  };
}
