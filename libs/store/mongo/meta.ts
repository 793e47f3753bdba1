import type { Db } from 'mongodb';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { assertReadable, type MetaRow, parseMetaRow } from '../opening/meta-row.ts';
import { type Migration, migratedRow, stepsAtOpen } from '../opening/migrations.ts';
import { boundedCall, CALL_TIMEOUT_MS, type CallBounds } from './bounded-call.ts';
import { META_COLLECTION, openMetaCollection } from './meta-collection.ts';
import { type LockTiming, takeStoreLock } from './meta-lock.ts';
import { insertOne, updateOne } from './write-command.ts';

const ROW_ID = 'store';

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
  /** When a call has failed. 10 000 by default. */
  readonly timeoutMs?: number;
}

/**
 * Reads the meta row of a database, after the steps to this release's format; makes the store where there is none. Both
 * under a lock, so that of several processes that start at once one does it and the others wait.
 *
 * @throws StartError for a store that this program must not open.
 */
export async function openMongoMeta(db: Db, signal: AbortSignal, options: MongoMetaOptions): Promise<MetaRow> {
  const { newRow, migrations = MONGO_MIGRATIONS, timeoutMs = CALL_TIMEOUT_MS } = options;
  const readable = async (): Promise<MetaRow | undefined> => {
    const row = await readMongoMeta(db, { timeoutMs, signal });
    if (row !== undefined) {
      assertReadable(row, newRow.service, db.databaseName);
    }
    return row;
  };
  const ready = await readable();
  if (ready !== undefined && stepsAtOpen(migrations, ready).length === 0) {
    return ready;
  }
  await using lock = await takeStoreLock(db, signal, { timeoutMs, ...options.lock });
  const held = AbortSignal.any([signal, lock.lost]);
  const bounds = { timeoutMs, signal: held };
  const found = await readable();
  if (found === undefined) {
    await options.create();
    held.throwIfAborted();
    await writeMongoMeta(db, newRow, undefined, bounds);
  }
  let meta: MetaRow = found ?? newRow;
  for (const step of stepsAtOpen(migrations, meta)) {
    await step.apply(db, held);
    held.throwIfAborted();
    const next = migratedRow(meta, step);
    await writeMongoMeta(db, next, meta, bounds);
    meta = next;
  }
  return meta;
}

/** The meta row of a database, whatever it says; undefined where there is none. Within 10 000 ms by default. */
export async function readMongoMeta(db: Db, bounds: Partial<CallBounds> = {}): Promise<MetaRow | undefined> {
  const found = await boundedCall({ timeoutMs: CALL_TIMEOUT_MS, ...bounds }, (signal) =>
    openMetaCollection(db).findOne({ _id: ROW_ID }, { signal }),
  );
  return found?.row === undefined ? undefined : parseMetaRow(found.row, db.databaseName);
}

/**
 * Writes the meta row in place of the one that was read, or where there was none. Within 10 000 ms by default.
 *
 * @throws StartError when another stands there.
 */
export async function writeMongoMeta(
  db: Db,
  row: MetaRow,
  old: MetaRow | undefined,
  bounds: Partial<CallBounds> = {},
): Promise<void> {
  const text = JSON.stringify(row);
  const isWritten = await boundedCall({ timeoutMs: CALL_TIMEOUT_MS, ...bounds }, (signal) =>
    old === undefined
      ? insertOne(db, META_COLLECTION, { _id: ROW_ID, row: text }, signal)
      : updateOne(db, META_COLLECTION, { _id: ROW_ID, row: JSON.stringify(old) }, { $set: { row: text } }, signal),
  );
  // Whoever repeats a write may find its own row.
  if (!isWritten && JSON.stringify(await readMongoMeta(db, bounds)) !== text) {
    throw new StartError(`the meta row of the store ${db.databaseName} was changed by somebody else: start again`);
  }
}
