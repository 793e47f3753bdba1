import type { SQLInputValue } from 'node:sqlite';
import type { SqlRow, TablesFile } from './tables-file.ts';

/** A column and what it is compared with. */
export type ColumnValue = readonly [column: string, value: SQLInputValue];

/** A part of a list that an index has in order. */
export interface ListRange {
  /** The columns read. */
  readonly columns: string;
  readonly table: string;
  /** What rows have in common; conditions without a value are left out. */
  readonly equal: readonly (readonly [column: string, value: SQLInputValue | undefined])[];
  /** What rows are ordered by, all of it ascending, and the place that they come after. */
  readonly after: readonly ColumnValue[];
  readonly take: number;
  readonly skip: number;
  /** A condition without parameters. */
  readonly where?: string;
}

/** Reads a part of a list. Columns that all rows have in common order nothing, and are left out of the order. */
export function readListRange(file: TablesFile, range: ListRange): readonly SqlRow[] {
  const equal = range.equal.flatMap(([column, value]): ColumnValue[] => (value === undefined ? [] : [[column, value]]));
  const after = range.after.filter(([column]) => !equal.some(([other]) => other === column));
  const order = after.map(([column]) => column).join(', ');
  const conditions = [
    ...equal.map(([column]) => `${column} = ?`),
    ...(range.where === undefined ? [] : [range.where]),
    `(${order}) > (${after.map(() => '?').join(', ')})`,
  ];
  return file
    .prepare(`SELECT ${range.columns} FROM ${range.table}
      WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ? OFFSET ?`)
    .all(...[...equal, ...after].map(([, value]) => value), range.take, range.skip);
}
