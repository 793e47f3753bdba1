import type { SqlRow } from './tables-file.ts';

/** Reads a text. */
export function text(row: SqlRow, column: string): string {
  return row[column] as string;
}

/** Reads a whole number. */
export function number(row: SqlRow, column: string): number {
  return row[column] as number;
}

/** Reads a number that may be missing. */
export function maybeNumber(row: SqlRow, column: string): number | undefined {
  return (row[column] as number | null) ?? undefined;
}

/** Reads a time from a column that holds minus the time. Subtracted, because minus zero is not zero everywhere. */
export function timeFromOrder(row: SqlRow, column: string): number {
  return 0 - number(row, column);
}

/** Reads bytes. */
export function bytes(row: SqlRow, column: string): Uint8Array {
  return row[column] as Uint8Array;
}
