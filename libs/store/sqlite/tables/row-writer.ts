import { setImmediate } from 'node:timers/promises';
import { assertRow, assertRowWrites } from '#libs/store/tables/row-limits.ts';
import type { RowWrite, RowWriter } from '#libs/store/tables/row-writer.ts';
import { INCARNATION_TABLES } from '../writes/connection-writes.ts';
import type { RoutedWrites } from '../writes/routed-writes.ts';
import { createIncarnationRows } from './incarnation-rows.ts';
import type { TablesFile } from './tables-file.ts';

/** Rows that are removed in one transaction: a few milliseconds. */
const MAX_REMOVED = 200;
/** Bytes of one transaction: what goes over it ends it. */
const MAX_BYTES: number = 4 * 1024 * 1024;

/** Makes the writer of rounds. What it wrote is seen by all who read after its promise. */
export function createRowWriter(file: TablesFile, routed: RoutedWrites): RowWriter {
  const { writes } = routed;
  const incarnations = [...INCARNATION_TABLES, 'items'].map((table) => createIncarnationRows(file, table));

  /** Removes rows in transactions of few, others getting their turn between two; answers how many. */
  async function removeInSlices(limit: number, remove: (most: number) => Promise<number>): Promise<number> {
    let removed = 0;
    while (removed < limit) {
      const most = Math.min(limit - removed, MAX_REMOVED);
      const count = await remove(most);
      removed += count;
      if (count < most) {
        break;
      }
      await setImmediate();
    }
    return removed;
  }

  return {
    async writeRows(stamp, rows, signal) {
      assertRowWrites(stamp, rows);
      for (let start = 0; start < rows.length; ) {
        if (start > 0) {
          await setImmediate();
        }
        signal.throwIfAborted();
        const slice = sliceFrom(rows, start, routed.rowsPerWrite);
        await writes.rows(stamp, slice, signal);
        start += slice.length;
      }
    },
    async deleteIncarnation(stamp, key, limit) {
      assertRow('stamp', stamp);
      assertRow('incarnation', key);
      await writes.bury(stamp, key);
      await removeInSlices(limit, (most) => writes.drop(key, most));
      return incarnations.every((rows) => rows.isEmpty(key));
    },
    purgeTombstones: async (before, limit) => removeInSlices(limit, (most) => writes.purge(before, most)),
  };
}

/** The writes of one transaction: as many, and as many bytes, as it may have. */
function sliceFrom(rows: readonly RowWrite[], start: number, most: number): readonly RowWrite[] {
  let bytes = 0;
  let end = start;
  while (end < rows.length && end - start < most && bytes < MAX_BYTES) {
    const row = rows[end];
    if (row !== undefined && 'put' in row) bytes += row.put.body.length;
    end += 1;
  }
  return start === 0 && end === rows.length ? rows : rows.slice(start, end);
}
