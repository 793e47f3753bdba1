import { type Db, type IndexDescription, MongoServerError } from 'mongodb';
import { boundedCall, SCHEMA_TIMEOUT_MS } from './bounded-call.ts';

/** An index with its name. */
export interface NamedIndex extends IndexDescription {
  readonly name: string;
}

/** Somebody else dropped the collection. */
const NAMESPACE_NOT_FOUND = 26;
/** Somebody else made the collection. */
const NAMESPACE_EXISTS = 48;

/** The names of the collections of a database. */
export async function listCollectionNames(db: Db, signal?: AbortSignal): Promise<string[]> {
  const listed = await boundedCall({ timeoutMs: SCHEMA_TIMEOUT_MS, signal }, (bound) =>
    db.listCollections({}, { nameOnly: true, signal: bound }).toArray(),
  );
  return listed.map(({ name }) => name);
}

/** Makes a collection. Safe to repeat. */
export async function createCollection(db: Db, name: string, signal?: AbortSignal): Promise<void> {
  await unlessRefused(NAMESPACE_EXISTS, run(db, { create: name }, signal));
}

/** Makes indexes, and their collection where it is missing. Safe to repeat. */
export async function createIndexes(
  db: Db,
  collection: string,
  indexes: readonly NamedIndex[],
  signal?: AbortSignal,
): Promise<void> {
  await run(db, { createIndexes: collection, indexes }, signal);
}

/** Drops a collection with its indexes. Safe to repeat. */
export async function dropCollection(db: Db, name: string, signal?: AbortSignal): Promise<void> {
  await unlessRefused(NAMESPACE_NOT_FOUND, run(db, { drop: name }, signal));
}

/** These are plain commands, because only they heed a signal. */
async function run(db: Db, command: object, signal: AbortSignal | undefined): Promise<void> {
  await boundedCall({ timeoutMs: SCHEMA_TIMEOUT_MS, signal }, (bound) => db.command(command, { signal: bound }));
}

async function unlessRefused(code: number, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === code)) {
      throw error;
    }
  }
}
