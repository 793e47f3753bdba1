import type { Db, Document } from 'mongodb';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { heldJournal } from '../backup/trim-holds.ts';
import { createJournalContext } from '../journal/journal-context.ts';
import { createMetaRow, DEFAULT_PARTITIONS, metaFromRow, type ServiceKind } from '../opening/meta-row.ts';
import type { MetaOptions, OpenContext, OpenRegistryStore, OpenStateStore } from '../opening/open-context.ts';
import { databaseOf, describeStore, type MongoLocation } from '../opening/uri.ts';
import { createMongoHolds, type HoldTiming } from './backup-holds.ts';
import { createMongoScan } from './backup-scan.ts';
import { createMongoBlobIndexes, createMongoBlobs } from './blobs.ts';
import { boundedCall, CALL_TIMEOUT_MS } from './bounded-call.ts';
import { createMongoJournal, JOURNAL_COLLECTION } from './journal.ts';
import { openMongoMeta } from './meta.ts';
import type { LockTiming } from './meta-lock.ts';
import { checkCapabilities } from './open-capabilities.ts';
import { connectMongo, unreachable } from './open-client.ts';
import { identifyServer, type MongoServer } from './open-server.ts';
import { checkSharding } from './open-sharding.ts';
import { ensureCollections } from './tables/ensure-collections.ts';
import { ensureRegistryCollections } from './tables/registry-collections.ts';
import { createMongoRegistryTables } from './tables/registry-tables.ts';
import { ensureStateCollections } from './tables/state-collections.ts';
import { createMongoStateTables } from './tables/state-tables.ts';

/** How a store on a server is opened. */
export interface MongoOpenOptions extends MetaOptions<Db> {
  /** Partitions of a store that is made here; one that is there keeps its own. 16 by default. */
  readonly partitions?: number;
  readonly lock?: LockTiming;
  readonly holds?: HoldTiming;
}

/**
 * Opens the store of the state service on a server of the MongoDB protocol, making what is missing. The database is the
 * URI's, or `millrace_state`.
 *
 * @throws StartError when the server cannot be used or lacks something, naming what; or the store is not for this program.
 */
export async function openMongoStateStore(
  location: MongoLocation,
  context: OpenContext,
  options: MongoOpenOptions = {},
): Promise<OpenStateStore> {
  const { db, server, meta, close } = await openDatabase(location, 'state', context, options);
  const holds = createMongoHolds(db, options.holds);
  return {
    meta,
    server,
    journal: heldJournal(createMongoJournal(db, createJournalContext(context.onTrouble)), holds),
    tables: createMongoStateTables(db, { sortsByIndex: server.sortsByIndex }),
    blobs: createMongoBlobs(db),
    backup: { scan: createMongoScan(db), holds },
    [Symbol.asyncDispose]: close,
  };
}

/** Opens the store of the registry, as `openMongoStateStore` does; its database is `millrace_registry`. */
export async function openMongoRegistryStore(
  location: MongoLocation,
  context: OpenContext,
  options: MongoOpenOptions = {},
): Promise<OpenRegistryStore> {
  const { db, server, meta, close } = await openDatabase(location, 'registry', context, options);
  return {
    meta,
    server,
    tables: createMongoRegistryTables(db, { sortsByIndex: server.sortsByIndex }),
    blobs: createMongoBlobs(db),
    backup: { scan: createMongoScan(db), holds: createMongoHolds(db, options.holds) },
    [Symbol.asyncDispose]: close,
  };
}

/** A database on a server that was found good. */
export interface CheckedDatabase {
  readonly db: Db;
  readonly server: MongoServer;
  readonly close: () => Promise<void>;
}

/**
 * Connects to the database of a service and checks that its server does what is needed.
 *
 * @throws StartError as `openMongoStateStore` does.
 */
export async function connectDatabase(
  location: MongoLocation,
  service: ServiceKind,
  signal: AbortSignal,
): Promise<CheckedDatabase> {
  const client = await connectMongo(location, signal);
  try {
    const db = client.db(databaseOf(location, service));
    const ask = (command: Document): Promise<Document> =>
      boundedCall({ timeoutMs: CALL_TIMEOUT_MS, signal }, (bound) =>
        client.db('admin').command(command, { signal: bound }),
      );
    const [buildInfo, hello] = await Promise.all([ask({ buildInfo: 1 }), ask({ hello: 1 })]);
    const server = identifyServer(buildInfo, hello, location.hosts);
    await checkCapabilities(db, `${server.kind} ${server.version} at ${location.hosts.join(', ')}`, signal);
    if (server.isRouter) {
      await checkSharding(db, signal);
    }
    return { db, server, close: () => client.close() };
  } catch (error) {
    await client.close();
    signal.throwIfAborted();
    throw error instanceof StartError ? error : unreachable(error, location);
  }
}

/** Makes the collections and indexes of a service's store. Safe to repeat. */
export async function createCollections(db: Db, service: ServiceKind, signal: AbortSignal): Promise<void> {
  if (service === 'state') {
    await ensureCollections(db, { [JOURNAL_COLLECTION]: [] }, signal);
    await ensureStateCollections(db, signal);
  } else {
    await ensureRegistryCollections(db, signal);
  }
  await createMongoBlobIndexes(db, signal);
}

async function openDatabase(
  location: MongoLocation,
  service: ServiceKind,
  { log, signal }: OpenContext,
  options: MongoOpenOptions,
): Promise<CheckedDatabase & Pick<OpenStateStore, 'meta'>> {
  const checked = await connectDatabase(location, service, signal);
  const { db, server, close } = checked;
  try {
    const row = await openMongoMeta(db, signal, {
      newRow: options.newRow ?? createMetaRow(service, options.partitions ?? DEFAULT_PARTITIONS.shared),
      create: () => createCollections(db, service, signal),
      ...(options.migrations === undefined ? {} : { migrations: options.migrations }),
      ...(options.lock === undefined ? {} : { lock: options.lock }),
    });
    const meta = metaFromRow(row);
    const { kind, version } = server;
    log.info({ store: describeStore(location), database: db.databaseName, kind, version, ...meta }, 'store opened');
    return { ...checked, meta };
  } catch (error) {
    await close();
    signal.throwIfAborted();
    throw error instanceof StartError ? error : unreachable(error, location);
  }
}
