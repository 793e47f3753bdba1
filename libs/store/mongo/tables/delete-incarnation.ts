import type { Filter } from 'mongodb';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import type { RowStamp } from '#libs/store/tables/row-writer.ts';
import { HEAD_SPEC } from './heads.ts';
import { INCARNATION_COLLECTIONS } from './owned-tables.ts';
import { PAST_HEAD_SPEC } from './past-heads.ts';
import { idOfIncarnation, idsFrom } from './row-id.ts';
import { LIVE, openCollection, type StoredDocument } from './rows.ts';
import { callTables } from './tables-call.ts';
import type { TablesContext } from './tables-context.ts';
import { writeTombstones } from './tombstones.ts';
import { deleteDocuments } from './write-commands.ts';

/** Rows of one step, so that each takes a fraction of a second. */
const MAX_STEP = 1_000;

/** Deletes an incarnation as `RowWriter.deleteIncarnation` says; answers whether nothing is left. */
export async function deleteIncarnationRows(
  context: TablesContext,
  stamp: RowStamp,
  key: IncarnationKey,
  limit: number,
): Promise<boolean> {
  assertRow('stamp', stamp);
  await writeTombstones(context, stamp, [
    {
      collection: HEAD_SPEC.collection,
      id: HEAD_SPEC.idOf(key),
      // Null stands for a tombstone, which has no incarnation.
      condition: { incarnation: { $in: [key.incarnation, null] } },
    },
    { collection: PAST_HEAD_SPEC.collection, id: PAST_HEAD_SPEC.idOf(key) },
  ]);
  for (let left = limit; ; ) {
    const step = Math.min(left, MAX_STEP);
    const deleted = await deleteSome(context, key, step);
    if (deleted < step) {
      return true;
    }
    left -= deleted;
    if (left <= 0) {
      const rest = await Promise.all(INCARNATION_COLLECTIONS.map((name) => readIds(context, name, key, 1)));
      return rest.every((ids) => ids.length === 0);
    }
  }
}

/** Deletes at most `limit` rows; answers how many. */
async function deleteSome(context: TablesContext, key: IncarnationKey, limit: number): Promise<number> {
  const found = await Promise.all(INCARNATION_COLLECTIONS.map((name) => readIds(context, name, key, limit)));
  let left = limit;
  const deletes = INCARNATION_COLLECTIONS.map(async (name, index) => {
    const ids = found[index]?.slice(0, left) ?? [];
    left -= ids.length;
    if (ids.length > 0) {
      await deleteDocuments(context, name, [{ q: { _id: { $in: ids }, ...LIVE }, limit: 0 }]);
    }
  });
  await Promise.all(deletes);
  return limit - left;
}

async function readIds(
  context: TablesContext,
  collection: string,
  key: IncarnationKey,
  limit: number,
): Promise<string[]> {
  if (limit <= 0) {
    return [];
  }
  const filter = { _id: idsFrom(idOfIncarnation(key)), ...LIVE } as Filter<StoredDocument>;
  const options = { projection: { _id: 1 }, sort: { _id: 1 }, limit, batchSize: limit } as const;
  const found = await callTables(context, (signal) =>
    openCollection(context.db, collection)
      .find(filter, { ...options, signal })
      .toArray(),
  );
  return found.map(({ _id }) => _id);
}
