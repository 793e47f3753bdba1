import type { Document, Filter } from 'mongodb';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import type { Unversioned, Versioned, VersionedTable } from '#libs/store/tables/versioned.ts';
import { plainRowFrom } from './plain-row.ts';
import { createRows, openCollection, type Rows, type StoredDocument } from './rows.ts';
import { settleWrite, type WriteOutcome } from './settled-write.ts';
import { callTables } from './tables-call.ts';
import type { TablesContext } from './tables-context.ts';
import { deleteDocuments, insertDocuments, updateDocuments } from './write-commands.ts';

/** Rows that are replaced by compare-and-set, and what reads them in other ways. */
export interface VersionedRows<K, R extends Versioned> {
  readonly table: VersionedTable<K, R>;
  readonly rows: Rows<R, K>;
}

/** How rows of a table are told apart. */
export interface VersionedSpec<K, R extends Versioned> {
  readonly collection: string;
  readonly keyOf: (row: Unversioned<R>) => K;
  readonly idOf: (key: K) => string;
}

/** Marks of its last writes that a row carries: a write that is read back may have been overtaken by as many. */
const MARKS = 8;

/**
 * Opens a table of versioned rows. Each write leaves a random mark in the row, by which it is known again when its reply
 * was lost.
 */
export function createVersionedRows<K, R extends Versioned>(
  context: TablesContext,
  { collection, keyOf, idOf }: VersionedSpec<K, R>,
): VersionedRows<K, R> {
  const { db, newWriteId } = context;
  const documents = openCollection(db, collection);
  const rows = createRows<R, K>(context, { collection, idOf, fieldsOf: (row) => row, rowFrom: plainRowFrom });

  async function readMarks(id: string): Promise<Document | null> {
    const filter = { _id: id } as Filter<StoredDocument>;
    return await callTables(context, (signal) =>
      documents.findOne(filter, { projection: { revision: 1, writes: 1 }, signal }),
    );
  }

  return {
    rows,
    table: {
      read: rows.read,
      async insert(row) {
        assertRow(collection, row);
        const _id = idOf(keyOf(row));
        const write = newWriteId();
        return await settleWrite({
          attempt: async () =>
            (await insertDocuments(context, collection, [{ _id, ...row, revision: 1, writes: [write] }])).count === 1,
          readBack: async () => {
            const standing = await readMarks(_id);
            return standing === null ? 'unknown' : outcomeOf(hasMark(standing, write));
          },
        });
      },
      async replace(row) {
        assertRow(collection, row);
        const _id = idOf(keyOf(row));
        const { revision } = row;
        const write = newWriteId();
        const change = {
          $set: { ...row, revision: revision + 1 },
          $push: { writes: { $each: [write], $slice: -MARKS } },
        };
        return await settleWrite({
          attempt: async () =>
            (await updateDocuments(context, collection, [{ q: { _id, revision }, u: change }])).count === 1,
          readBack: async () => {
            const standing = await readMarks(_id);
            return standing?.['revision'] === revision ? 'unknown' : outcomeOf(hasMark(standing, write));
          },
        });
      },
      async delete(key, revision) {
        const _id = idOf(key);
        return await settleWrite({
          attempt: async () =>
            (await deleteDocuments(context, collection, [{ q: { _id, revision }, limit: 1 }])).count === 1,
          readBack: async () => {
            const standing = await readMarks(_id);
            // Nothing tells who deleted it; that it is gone is what was asked.
            return standing?.['revision'] === revision ? 'unknown' : outcomeOf(standing === null);
          },
        });
      },
    },
  };
}

function hasMark(standing: Document | null, write: string): boolean {
  return standing?.['writes'].includes(write) ?? false;
}

function outcomeOf(isDone: boolean): WriteOutcome {
  return isDone ? 'done' : 'refused';
}
