import type { Filter } from 'mongodb';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import { openCollection, type StoredDocument } from './rows.ts';
import { settleWrite } from './settled-write.ts';
import { callTables } from './tables-call.ts';
import type { TablesContext } from './tables-context.ts';
import { insertDocuments } from './write-commands.ts';

/**
 * Inserts a row that nobody ever changes. Answers `false` when its id is taken by another.
 *
 * @throws StoreError when it is unknown whether it was inserted.
 */
export async function addRow(context: TablesContext, collection: string, id: string, row: object): Promise<boolean> {
  assertRow(collection, row);
  const write = context.newWriteId();
  return await settleWrite({
    attempt: async () =>
      (await insertDocuments(context, collection, [{ _id: id, ...row, writes: [write] }])).count === 1,
    readBack: async () => {
      const filter = { _id: id } as Filter<StoredDocument>;
      const standing = await callTables(context, (signal) =>
        openCollection(context.db, collection).findOne(filter, { projection: { writes: 1 }, signal }),
      );
      return standing === null ? 'unknown' : standing['writes'].includes(write) ? 'done' : 'refused';
    },
  });
}
