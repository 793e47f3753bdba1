import type { CursorTable } from '#libs/store/tables/checkpoints.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';

/** Makes an empty table of cursors. */
export function createCursors(): CursorTable {
  const values = new Map<string, number>();
  return {
    readCursor: async (name) => values.get(name),
    async writeCursor(name, value) {
      assertRow('cursors', { name, value });
      const stored = values.get(name);
      if (stored !== undefined && stored >= value) {
        return false;
      }
      values.set(name, value);
      return true;
    },
  };
}
