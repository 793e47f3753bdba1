import type { Db } from 'mongodb';
import { createCollection, createIndexes, listCollectionNames, type NamedIndex } from '../collection-commands.ts';
import { tablesErrorFromMongo } from './tables-call.ts';

/** Collections with the indexes that they need besides the built-in one. */
export type CollectionIndexes = Readonly<Record<string, readonly NamedIndex[]>>;

/** Collections made at a time: some servers take a tenth of a second for each. */
const MAX_PARALLEL = 4;

/**
 * Makes what is missing of collections and indexes. Safe to repeat, and to do by several at once.
 *
 * @throws the signal's reason when it aborts, a StoreError when the server does not do it.
 */
export async function ensureCollections(db: Db, collections: CollectionIndexes, signal?: AbortSignal): Promise<void> {
  try {
    const existing = new Set(await listCollectionNames(db, signal));
    const left = Object.entries(collections).values();
    const makeSome = async (): Promise<void> => {
      for (const [name, indexes] of left) {
        if (indexes.length > 0) {
          // Makes the collection too.
          await createIndexes(db, name, indexes, signal);
        } else if (!existing.has(name)) {
          await createCollection(db, name, signal);
        }
      }
    };
    await Promise.all(Array.from({ length: MAX_PARALLEL }, makeSome));
  } catch (error) {
    throw tablesErrorFromMongo(error);
  }
}
