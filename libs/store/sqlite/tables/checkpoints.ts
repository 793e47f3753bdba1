import type { CheckpointTable } from '#libs/store/tables/checkpoints.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import { bytes, number } from './columns.ts';
import type { TablesFile } from './tables-file.ts';

/** Makes the table of checkpoints. */
export function createCheckpoints(file: TablesFile): CheckpointTable {
  const read = file.prepare('SELECT partition, position, epoch, body FROM checkpoints WHERE partition = ?');
  const write = file.prepare(`
    INSERT INTO checkpoints (partition, position, epoch, body) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET position = excluded.position, epoch = excluded.epoch, body = excluded.body
    WHERE checkpoints.position < excluded.position`);
  return {
    async readCheckpoint(partition) {
      const row = read.get(partition);
      return (
        row && {
          partition: number(row, 'partition'),
          position: number(row, 'position'),
          epoch: number(row, 'epoch'),
          body: bytes(row, 'body'),
        }
      );
    },
    async writeCheckpoint(row) {
      assertRow('checkpoints', row);
      return write.run(row.partition, row.position, row.epoch, row.body).changes > 0;
    },
  };
}
