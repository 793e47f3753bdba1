import { type Db, type IndexDescription, MongoServerError } from 'mongodb';
import { tablesErrorFromMongo } from './tables-call.ts';

/** Collections with the indexes that they need besides the built-in one. */
export type CollectionIndexes = Readonly<Record<string, readonly IndexDescription[]>>;

/** Collections made at a time: some servers take a tenth of a second for each. */
const MAX_PARALLEL = 4;
/** Somebody else made the collection. */
const NAMESPACE_EXISTS = 48;

/** Makes what is missing of collections and indexes. Safe to repeat, and to do by several at once. */
export async function ensureCollections(db: Db, collections: CollectionIndexes): Promise<void> {
  try {
    const listed = await db.listCollections({}, { nameOnly: true }).toArray();
    const existing = new Set(listed.map(({ name }) => name));
    const left = Object.entries(collections).values();
    const makeSome = async (): Promise<void> => {
      for (const [name, indexes] of left) {
        await ensureCollection(db, name, indexes, existing.has(name));
      }
    };
    await Promise.all(Array.from({ length: MAX_PARALLEL }, makeSome));
  } catch (error) {
    throw tablesErrorFromMongo(error);
  }
}

async function ensureCollection(
  db: Db,
  name: string,
  indexes: readonly IndexDescription[],
  isThere: boolean,
): Promise<void> {
  if (indexes.length > 0) {
    // Makes the collection too.
    await db.collection(name).createIndexes([...indexes]);
  } else if (!isThere) {
    await db.createCollection(name).catch((error: unknown) => {
      if (!(error instanceof MongoServerError && error.code === NAMESPACE_EXISTS)) {
        throw error;
      }
    });
  }
}
