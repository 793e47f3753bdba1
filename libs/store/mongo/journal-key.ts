import type { RecordKey } from '../journal/journal.ts';
import { MAX_PARTITION, MAX_POSITION } from '../journal/record-format.ts';

const PARTITION_DIGITS = String(MAX_PARTITION).length;
const POSITION_DIGITS = String(MAX_POSITION).length;

/** The `_id` of a record, of fixed width, so that ids sort as partitions and positions do. */
export function idFromKey({ partition, position }: RecordKey): string {
  return `${String(partition).padStart(PARTITION_DIGITS, '0')}-${String(position).padStart(POSITION_DIGITS, '0')}`;
}

/** The position in an `_id`. */
export function positionFromId(id: string): number {
  return Number(id.slice(PARTITION_DIGITS + 1));
}
