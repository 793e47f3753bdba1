import type { CheckpointTable } from '#libs/store/tables/checkpoints.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number } from './columns.ts';

/** Makes the table of checkpoints. */
export function createCheckpoints(file: WritableFile): CheckpointTable {
  const read = file.prepare('SELECT partition, position, epoch, body FROM checkpoints WHERE partition = ?');
  const write = file.prepareWrite(`
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
      return (await write(row.partition, row.position, row.epoch, row.body)) > 0;
    },
  };
}
