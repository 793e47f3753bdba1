import type { Filter } from 'mongodb';
import type { RowStamp } from '#libs/store/tables/row-writer.ts';
import { splitIntoBatches } from './batches.ts';
import { type GuardedDocument, replaceGuarded } from './guarded-writes.ts';
import { idFromParts } from './row-id.ts';
import { openCollection, type StoredDocument } from './rows.ts';
import { callTables } from './tables-call.ts';
import type { TablesContext } from './tables-context.ts';
import { deleteDocuments, insertDocuments } from './write-commands.ts';

/**
 * The log of tombstones: an entry for each, by time, written before the tombstone itself is. So tombstones are found by
 * age without an index on all the rows that are none. An entry whose row stands, or was deleted anew, means nothing.
 */
export const TOMBSTONE_COLLECTION = 'tombstones';

/** Entries of one step, so that each takes a fraction of a second. */
const MAX_STEP = 1_000;

/** A row to delete. */
export interface Tombstone {
  readonly collection: string;
  readonly id: string;
  /** What the row must satisfy, if one is there. */
  readonly condition?: GuardedDocument['condition'];
}

/** An entry of the log, which says where its row is. */
interface LogEntry extends StoredDocument {
  readonly collection: string;
  readonly rowId: string;
}

/** Puts tombstones in place of rows, unless newer ones stand. */
export async function writeTombstones(
  context: TablesContext,
  { position, time }: RowStamp,
  tombstones: readonly Tombstone[],
  signal?: AbortSignal,
): Promise<void> {
  const entries = tombstones.map(({ collection, id }) => ({
    _id: `${idFromParts(time)}${collection} ${id}`,
    collection,
    rowId: id,
  }));
  for (const batch of splitIntoBatches(entries, (entry) => entry)) {
    await insertDocuments(context, TOMBSTONE_COLLECTION, batch, signal);
  }
  const writes = Map.groupBy(tombstones, ({ collection }) => collection)
    .entries()
    .map(([collection, ofCollection]) => {
      const documents = ofCollection.map(({ id, condition }) => ({
        id,
        position,
        fields: { deletedTime: time },
        ...(condition === undefined ? {} : { condition }),
      }));
      return replaceGuarded(context, collection, documents, signal);
    });
  await Promise.all(writes);
}

/** Removes tombstones from before a time; at most `limit`; answers how many. */
export async function purgeTombstones(context: TablesContext, before: number, limit: number): Promise<number> {
  const log = openCollection(context.db, TOMBSTONE_COLLECTION);
  let removed = 0;
  while (removed < limit) {
    const step = Math.min(limit - removed, MAX_STEP);
    const entries = await callTables(context, (signal) =>
      log
        .find({ _id: { $lt: idFromParts(before) } } as Filter<StoredDocument>, {
          sort: { _id: 1 },
          limit: step,
          signal,
        })
        .toArray(),
    );
    const removals = Map.groupBy(entries as LogEntry[], ({ collection }) => collection)
      .entries()
      .map(([collection, ofCollection]) => {
        const ids = new Set(ofCollection.map(({ rowId }) => rowId));
        return deleteDocuments(context, collection, [
          { q: { _id: { $in: [...ids] }, deletedTime: { $lt: before } }, limit: 0 },
        ]);
      });
    for (const { count } of await Promise.all(removals)) {
      removed += count;
    }
    if (entries.length > 0) {
      await deleteDocuments(context, TOMBSTONE_COLLECTION, [
        { q: { _id: { $in: entries.map(({ _id }) => _id) } }, limit: 0 },
      ]);
    }
    if (entries.length < step) {
      break;
    }
  }
  return removed;
}
