import type { CheckpointRow, CheckpointTable } from '#libs/store/tables/checkpoints.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';

/** Makes an empty table of checkpoints. */
export function createCheckpoints(): CheckpointTable {
  const rows = new Map<number, CheckpointRow>();
  return {
    readCheckpoint: async (partition) => rows.get(partition),
    async writeCheckpoint(row) {
      assertRow('checkpoints', row);
      const stored = rows.get(row.partition);
      if (stored !== undefined && stored.position >= row.position) {
        return false;
      }
      rows.set(row.partition, { ...row, body: new Uint8Array(row.body) });
      return true;
    },
  };
}
