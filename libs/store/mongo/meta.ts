import { type Collection, type Db, MongoServerError } from 'mongodb';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { assertReadable, type MetaRow, parseMetaRow } from '../opening/meta-row.ts';
import { type Migration, migratedRow, stepsAtOpen } from '../opening/migrations.ts';
import { type LockTiming, type MetaDocument, takeStoreLock } from './meta-lock.ts';

/** The collection of the meta row, and of what several processes agree on by a row. */
export const META_COLLECTION = 'meta';

const ROW_ID = 'store';
const WRITE = { writeConcern: { w: 'majority', journal: true }, timeoutMS: 10_000 } as const;
const READ = { readConcern: { level: 'majority' }, readPreference: 'primary', timeoutMS: 10_000 } as const;

/** The steps of this release: format 1 is the first. */
const MONGO_MIGRATIONS: readonly Migration<Db>[] = [];

/** What opening a meta row needs. */
export interface MongoMetaOptions {
  /** The row of a store that is made. */
  readonly newRow: MetaRow;
  /** Makes collections and indexes. Done before the row is there, so that a row means that they are. */
  readonly create: () => Promise<void>;
  readonly migrations?: readonly Migration<Db>[];
  readonly lock?: LockTiming;
}

/** Opens the collection of the meta row. */
export function openMetaCollection(db: Db): Collection<MetaDocument> {
  return db.collection<MetaDocument>(META_COLLECTION);
}

/**
 * Reads the meta row of a database, after the steps to this release's format; makes the store where there is none. Both
 * under a lock, so that of several processes that start at once one does it and the others wait.
 *
 * @throws StartError for a store that this program must not open.
 */
export async function openMongoMeta(db: Db, signal: AbortSignal, options: MongoMetaOptions): Promise<MetaRow> {
  const { newRow, migrations = MONGO_MIGRATIONS } = options;
  const readable = async (): Promise<MetaRow | undefined> => {
    const row = await readMongoMeta(db);
    if (row !== undefined) {
      assertReadable(row, newRow.service, db.databaseName);
    }
    return row;
  };
  const ready = await readable();
  if (ready !== undefined && stepsAtOpen(migrations, ready).length === 0) {
    return ready;
  }
  await using lock = await takeStoreLock(openMetaCollection(db), signal, options.lock);
  const held = AbortSignal.any([signal, lock.lost]);
  const found = await readable();
  if (found === undefined) {
    await options.create();
    held.throwIfAborted();
    await writeMongoMeta(db, newRow, undefined);
  }
  let meta: MetaRow = found ?? newRow;
  for (const step of stepsAtOpen(migrations, meta)) {
    await step.apply(db, held);
    held.throwIfAborted();
    const next = migratedRow(meta, step);
    await writeMongoMeta(db, next, meta);
    meta = next;
  }
  return meta;
}

/** The meta row of a database, whatever it says; undefined where there is none. */
export async function readMongoMeta(db: Db): Promise<MetaRow | undefined> {
  const found = await openMetaCollection(db).findOne({ _id: ROW_ID }, READ);
  return found?.row === undefined ? undefined : parseMetaRow(found.row, db.databaseName);
}

/**
 * Writes the meta row in place of the one that was read, or where there was none.
 *
 * @throws StartError when another stands there.
 */
export async function writeMongoMeta(db: Db, row: MetaRow, old: MetaRow | undefined): Promise<void> {
  const meta = openMetaCollection(db);
  const text = JSON.stringify(row);
  const isWritten =
    old === undefined
      ? await meta.insertOne({ _id: ROW_ID, row: text }, WRITE).then(
          () => true,
          (error: unknown) => {
            if (error instanceof MongoServerError) return false;
            throw error;
          },
        )
      : (await meta.updateOne({ _id: ROW_ID, row: JSON.stringify(old) }, { $set: { row: text } }, WRITE)).matchedCount >
        0;
  // A write that was repeated may find its own row.
  if (!isWritten && JSON.stringify(await readMongoMeta(db)) !== text) {
    throw new StartError(`the meta row of the store ${db.databaseName} was changed by somebody else: start again`);
  }
}
