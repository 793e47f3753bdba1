import type { Document, Filter } from 'mongodb';
import type { CheckpointRow, CheckpointTable, CursorTable } from '#libs/store/tables/checkpoints.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import { plainRowFrom } from './plain-row.ts';
import { idFromParts } from './row-id.ts';
import { openCollection, type StoredDocument } from './rows.ts';
import { settleWrite } from './settled-write.ts';
import { callTables } from './tables-call.ts';
import type { TablesContext } from './tables-context.ts';
import { updateDocuments } from './write-commands.ts';

/** The collections of rows that only move forward. */
export const MARK_COLLECTIONS = { checkpoints: 'checkpoints', cursors: 'cursors' } as const;

/** Opens the tables of checkpoints and cursors. */
export function createMarks(context: TablesContext): CheckpointTable & CursorTable {
  const { checkpoints, cursors } = MARK_COLLECTIONS;
  return {
    async readCheckpoint(partition) {
      const found = await readMark(context, checkpoints, idFromParts(partition));
      return found === null ? undefined : checkpointFrom(found);
    },
    async writeCheckpoint(row) {
      assertRow(checkpoints, row);
      const { position, ...fields } = row;
      return await moveMark(context, checkpoints, idFromParts(row.partition), position, fields);
    },
    async readCursor(name) {
      return (await readMark(context, cursors, idFromParts(name)))?.['position'];
    },
    async writeCursor(name, value) {
      assertRow(cursors, { name, value });
      return await moveMark(context, cursors, idFromParts(name), value, { name });
    },
  };
}

function checkpointFrom(document: Document): CheckpointRow {
  return { ...plainRowFrom<Omit<CheckpointRow, 'position'>>(document), position: document['position'] };
}

async function readMark(context: TablesContext, collection: string, id: string): Promise<Document | null> {
  return await callTables(context, (signal) =>
    openCollection(context.db, collection).findOne({ _id: id } as Filter<StoredDocument>, { signal }),
  );
}

/** Writes a row unless one at an equal or higher position stands. Answers whether it was written. */
async function moveMark(
  context: TablesContext,
  collection: string,
  id: string,
  position: number,
  fields: Document,
): Promise<boolean> {
  const write = context.newWriteId();
  const statement = {
    q: { _id: id, position: { $lt: position } },
    u: { position, ...fields, writes: [write] },
  };
  return await settleWrite({
    async attempt() {
      const { count } = await updateDocuments(context, collection, [{ ...statement, upsert: true }]);
      // A duplicate is a row that is not lower, or one that came in at the same moment and may be.
      return count === 1 || (await updateDocuments(context, collection, [statement])).count === 1;
    },
    async readBack() {
      const standing = await readMark(context, collection, id);
      if (standing?.['writes'].includes(write) === true) {
        return 'done';
      }
      return standing === null || standing['position'] < position ? 'unknown' : 'refused';
    },
  });
}
