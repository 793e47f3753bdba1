import type { CursorTable } from '#libs/store/tables/checkpoints.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import type { WritableFile } from '../writes/writes.ts';
import { maybeNumber } from './columns.ts';

/** Makes the table of cursors. */
export function createCursors(file: WritableFile): CursorTable {
  const read = file.prepare('SELECT value FROM cursors WHERE name = ?');
  const write = file.prepareWrite(`
    INSERT INTO cursors (name, value) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value WHERE cursors.value < excluded.value`);
  return {
    async readCursor(name) {
      const row = read.get(name);
      return row && maybeNumber(row, 'value');
    },
    async writeCursor(name, value) {
      assertRow('cursors', { name, value });
      return (await write(name, value)) > 0;
    },
  };
}
