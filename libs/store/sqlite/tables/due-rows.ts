import type { SlotRange } from '#libs/store/slots.ts';
import type { DueRun } from '#libs/store/tables/heads.ts';
import { number, text } from './columns.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

/** Rows of some slots whose time lies before another. */
export type ReadDue = (slots: SlotRange, time: number, limit: number) => readonly SqlRow[];

/** What the rows of a table are found by. */
interface DueSpec {
  readonly table: string;
  /** Null in rows that are not due at any time, and in tombstones. */
  readonly timeColumn: string;
  /** The key after the slot. */
  readonly keyColumns: string;
  readonly columns: string;
}

/** Makes the reader of due rows: earliest first, then by key. */
export function createReadDue(file: TablesFile, { table, timeColumn, keyColumns, columns }: DueSpec): ReadDue {
  // The plus keeps SQLite from looking by slot first and sorting then.
  const statement = file.prepare(`
    SELECT ${columns}, ${timeColumn} AS due FROM ${table}
    WHERE ${timeColumn} < ? AND +slot >= ? AND +slot < ?
    ORDER BY ${timeColumn}, slot, ${keyColumns} LIMIT ?`);
  return (slots, time, limit) => statement.all(time, slots.from, slots.to, limit);
}

/** Reads a run that is due. */
export function dueRunFromSql(row: SqlRow): DueRun {
  return {
    tenantId: text(row, 'tenant_id'),
    runId: text(row, 'run_id'),
    incarnation: text(row, 'incarnation'),
    dueTime: number(row, 'due'),
  };
}
