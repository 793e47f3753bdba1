import type { Db } from 'mongodb';
import { CleanUp } from '#libs/lifecycle/clean-up.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import type { RestorePlan, RestoreTarget } from '../backup/restore-target.ts';
import { createJournalContext } from '../journal/journal-context.ts';
import { createMetaRow } from '../opening/meta-row.ts';
import type { OpenContext } from '../opening/open-context.ts';
import type { MongoLocation } from '../opening/uri.ts';
import { createMongoBlobs } from './blobs.ts';
import { dropCollection, listCollectionNames } from './collection-commands.ts';
import { createMongoJournal } from './journal.ts';
import { readMongoMeta, writeMongoMeta } from './meta.ts';
import { META_COLLECTION } from './meta-collection.ts';
import { takeStoreLock } from './meta-lock.ts';
import { connectDatabase, createCollections } from './open.ts';
import { CHECK_COLLECTION } from './open-capabilities.ts';
import { unreachable } from './open-client.ts';
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
  const stack = new CleanUp();
  try {
    const { db, server, close } = await connectDatabase(location, service, signal);
    stack.defer(close);
    const lock = stack.use(await takeStoreLock(db, signal));
    const meta = createMetaRow(service, partitions, 'restoring');
    const old = await readMongoMeta(db, { signal });
    await assertEmpty(db, old?.state, signal);
    // Before any data: from here on the database refuses to be opened.
    await writeMongoMeta(db, meta, old, { signal });
    await dropData(db, signal);
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
    signal.throwIfAborted();
    throw error instanceof StartError ? error : unreachable(error, location);
  }
}

async function dataCollections(db: Db, signal: AbortSignal): Promise<string[]> {
  const own = new Set([META_COLLECTION, CHECK_COLLECTION]);
  const names = await listCollectionNames(db, signal);
  return names.filter((name) => !own.has(name) && !name.startsWith('system.'));
}

async function assertEmpty(db: Db, state: string | undefined, signal: AbortSignal): Promise<void> {
  if (state === 'ready' || (state === undefined && (await dataCollections(db, signal)).length > 0)) {
    throw new StartError(`the database ${db.databaseName} is not empty: restore into an empty one`);
  }
}

async function dropData(db: Db, signal: AbortSignal): Promise<void> {
  for (const name of await dataCollections(db, signal)) {
    await dropCollection(db, name, signal);
  }
}
