import { assertRowWrites } from '#libs/store/tables/row-limits.ts';
import type { OwnedTable, RowStamp, RowWrite, RowWriter } from '#libs/store/tables/row-writer.ts';
import { deleteIncarnationRows } from './delete-incarnation.ts';
import { type GuardedDocument, insertGuarded, replaceGuarded } from './guarded-writes.ts';
import { OWNED_SPECS } from './owned-tables.ts';
import type { TablesContext } from './tables-context.ts';
import { purgeTombstones, type Tombstone, writeTombstones } from './tombstones.ts';

/** The writes of a round by what they need. */
interface SortedWrites {
  readonly inserts: Map<string, GuardedDocument[]>;
  readonly replacements: Map<string, GuardedDocument[]>;
  readonly tombstones: Tombstone[];
}

/** Makes the writer of rounds: one command a collection for what is new, one for the rest, all at once. */
export function createRowWriter(context: TablesContext): RowWriter {
  return {
    async writeRows(stamp, writes, signal) {
      assertRowWrites(stamp, writes);
      signal.throwIfAborted();
      const { inserts, replacements, tombstones } = sortWrites(stamp, writes);
      await settleAll([
        ...inserts.entries().map(([collection, documents]) => insertGuarded(context, collection, documents, signal)),
        ...replacements
          .entries()
          .map(([collection, documents]) => replaceGuarded(context, collection, documents, signal)),
        writeTombstones(context, stamp, tombstones, signal),
      ]);
    },
    deleteIncarnation: (stamp, key, limit) => deleteIncarnationRows(context, stamp, key, limit),
    purgeTombstones: (before, limit) => purgeTombstones(context, before, limit),
  };
}

function sortWrites({ position }: RowStamp, writes: readonly RowWrite[]): SortedWrites {
  const sorted: SortedWrites = { inserts: new Map(), replacements: new Map(), tombstones: [] };
  for (const write of writes) {
    sortWrite(sorted, position, write);
  }
  return sorted;
}

function sortWrite<T extends OwnedTable>(sorted: SortedWrites, position: number, write: RowWrite<T>): void {
  const { collection, idOf, fieldsOf } = OWNED_SPECS[write.table];
  if ('delete' in write) {
    sorted.tombstones.push({ collection, id: idOf(write.delete) });
    return;
  }
  const byCollection = write.isNew === true ? sorted.inserts : sorted.replacements;
  const document = { id: idOf(write.put), position, fields: fieldsOf(write.put) };
  const documents = byCollection.get(collection);
  if (documents === undefined) {
    byCollection.set(collection, [document]);
  } else {
    documents.push(document);
  }
}

/** Waits for all, so that nothing of a round that failed is still under way when it is repeated. */
async function settleAll(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) {
    if (result.status === 'rejected') {
      throw result.reason;
    }
  }
}
