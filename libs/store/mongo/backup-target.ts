import type { Db } from 'mongodb';
import { StartError } from '#libs/lifecycle/start-error.ts';
import type { RestorePlan, RestoreTarget } from '../backup/restore-target.ts';
import { createJournalContext } from '../journal/journal-context.ts';
import { createMetaRow } from '../opening/meta-row.ts';
import type { OpenContext } from '../opening/open-context.ts';
import type { MongoLocation } from '../opening/uri.ts';
import { createMongoBlobs } from './blobs.ts';
import { createMongoJournal } from './journal.ts';
import { META_COLLECTION, openMetaCollection, readMongoMeta, writeMongoMeta } from './meta.ts';
import { takeStoreLock } from './meta-lock.ts';
import { connectDatabase, createCollections } from './open.ts';
import { CHECK_COLLECTION } from './open-capabilities.ts';
import { createMongoRegistryTables } from './tables/registry-tables.ts';
import { createMongoStateTables } from './tables/state-tables.ts';

/**
 * Makes a store on a server for a restore. The database has none, or one whose restore was interrupted, which is removed.
 * The lock is held until it is disposed.
 *
 * @throws StartError when there is another store, or the server cannot be used.
 */
export async function openMongoRestoreTarget(
  location: MongoLocation,
  { service, partitions }: RestorePlan,
  { onTrouble, signal }: Pick<OpenContext, 'onTrouble' | 'signal'>,
): Promise<RestoreTarget> {
  const stack = new AsyncDisposableStack();
  try {
    const { db, server, close } = await connectDatabase(location, service, signal);
    stack.defer(close);
    const lock = stack.use(await takeStoreLock(openMetaCollection(db), signal));
    const meta = createMetaRow(service, partitions, 'restoring');
    const old = await readMongoMeta(db);
    await assertEmpty(db, old?.state);
    // Before any data: from here on the database refuses to be opened.
    await writeMongoMeta(db, meta, old);
    await dropData(db);
    await createCollections(db, service, signal);
    const shared = {
      blobs: createMongoBlobs(db),
      async finish(era: number) {
        lock.lost.throwIfAborted();
        await writeMongoMeta(db, { ...meta, era, state: 'ready' }, meta);
      },
      [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
    } as const;
    const options = { sortsByIndex: server.sortsByIndex };
    return service === 'registry'
      ? { ...shared, service, tables: createMongoRegistryTables(db, options) }
      : {
          ...shared,
          service,
          tables: createMongoStateTables(db, options),
          journal: createMongoJournal(db, createJournalContext(onTrouble)),
        };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function dataCollections(db: Db): Promise<string[]> {
  const listed = await db.listCollections({}, { nameOnly: true }).toArray();
  const own = new Set([META_COLLECTION, CHECK_COLLECTION]);
  return listed.map(({ name }) => name).filter((name) => !own.has(name) && !name.startsWith('system.'));
}

async function assertEmpty(db: Db, state: string | undefined): Promise<void> {
  if (state === 'ready' || (state === undefined && (await dataCollections(db)).length > 0)) {
    throw new StartError(`the database ${db.databaseName} is not empty: restore into an empty one`);
  }
}

async function dropData(db: Db): Promise<void> {
  for (const name of await dataCollections(db)) {
    await db.collection(name).drop();
  }
}
