import { isOwned } from '../backup/pack-rows.ts';
import { decodeAttributes } from '../tables/attribute-codec.ts';
import type { ItemState } from '../tables/items.ts';
import {
  SCAN_PAGE_BYTES,
  SCAN_PAGE_ROWS,
  type ScannedRows,
  type ScannedTable,
  type TableScan,
} from '../tables/scan.ts';
import type { SqlRow, TablesFile } from './tables/tables-file.ts';

/** Tables whose name in the file is another. */
const NAMES: Readonly<Partial<Record<ScannedTable, string>>> = {
  pastHeads: 'past_heads',
  deadLetters: 'dead_letters',
  requestIds: 'request_ids',
  signingKeys: 'signing_keys',
};

/** Columns whose field has another name, or is more than one column. */
const FIELDS: Readonly<Record<string, string>> = { arrival: 'order' };
const NO_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'slot',
  'position',
  'deleted_time',
  'state',
  'ready_since',
  'due_time',
]);

/**
 * Scans the tables of a file by row id, so that a page is one look-up and rows that move between indexes are passed once.
 * The lengths of bodies are asked for first, so that a page of large ones is no larger than others.
 */
export function createSqliteScan(file: TablesFile): TableScan {
  return {
    async scanRows<T extends ScannedTable>(table: T, after: string | undefined) {
      const { rows, next } = table === 'cursors' ? readCursors(file, after) : readRows(file, table, after);
      return { rows: rows.map((row) => rowFromSql(table, row)), next };
    },
  };
}

interface SqlPage {
  readonly rows: readonly SqlRow[];
  readonly next: string | undefined;
}

function readRows(file: TablesFile, table: ScannedTable, after: string | undefined): SqlPage {
  const name = NAMES[table] ?? table;
  const where = isOwned(table) ? 'AND deleted_time IS NULL' : '';
  const start = after === undefined ? Number.MIN_SAFE_INTEGER : Number(after);
  const sizes = file
    .prepare(`SELECT rowid AS row, length(body) AS size FROM ${name} WHERE rowid > ? ${where} ORDER BY rowid LIMIT ?`)
    .all(start, SCAN_PAGE_ROWS);
  let bytes = 0;
  const over = sizes.findIndex((row) => (bytes += row['size'] as number) >= SCAN_PAGE_BYTES);
  const last = sizes[over < 0 ? sizes.length - 1 : over]?.['row'] as number | undefined;
  if (last === undefined) {
    return { rows: [], next: undefined };
  }
  const rows = file
    .prepare(`SELECT * FROM ${name} WHERE rowid > ? AND rowid <= ? ${where} ORDER BY rowid`)
    .all(start, last);
  const isLast = over < 0 && sizes.length < SCAN_PAGE_ROWS;
  return { rows, next: isLast ? undefined : String(last) };
}

function readCursors(file: TablesFile, after = ''): SqlPage {
  const rows = file
    .prepare('SELECT name, value FROM cursors WHERE name > ? ORDER BY name LIMIT ?')
    .all(after, SCAN_PAGE_ROWS);
  const last = rows.at(-1)?.['name'] as string | undefined;
  return { rows, next: rows.length < SCAN_PAGE_ROWS ? undefined : last };
}

/** Reads a row as its port has it: columns are the fields' names with underscores, and NULL is absent. */
function rowFromSql<T extends ScannedTable>(table: T, row: SqlRow): ScannedRows[T] {
  const fields: [string, unknown][] = [];
  for (const [column, value] of Object.entries(row)) {
    if (value !== null && (!NO_FIELDS.has(column) || isOwnField(table, column))) {
      fields.push(fieldFromSql(column, value));
    }
  }
  if (table === 'items') {
    fields.push(['state', itemState(row)]);
  }
  return Object.fromEntries(fields) as unknown as ScannedRows[T];
}

/** A checkpoint's position is its own, not the guard of a row. */
function isOwnField(table: ScannedTable, column: string): boolean {
  return table === 'checkpoints' && column === 'position';
}

function fieldFromSql(column: string, value: unknown): [string, unknown] {
  if (column.endsWith('_order')) {
    // Minus the time, and minus zero is not zero everywhere.
    return [camelCase(column.replace(/_order$/, '_time')), 0 - (value as number)];
  }
  if (column === 'attributes') {
    return [column, decodeAttributes(value as string)];
  }
  if (column.startsWith('is_')) {
    return [camelCase(column), value === 1];
  }
  return [FIELDS[column] ?? camelCase(column), value];
}

function camelCase(column: string): string {
  return column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function itemState(row: SqlRow): ItemState {
  switch (row['state']) {
    case 'ready':
      return { kind: 'ready', since: row['ready_since'] as number };
    case 'waiting':
      return { kind: 'waiting', until: row['due_time'] as number };
    default:
      return { kind: 'leased', until: (row['due_time'] as number | null) ?? undefined };
  }
}
