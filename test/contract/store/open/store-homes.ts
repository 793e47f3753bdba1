import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { pino } from 'pino';
import type { RestorePlan, RestoreTarget } from '#libs/store/backup/restore-target.ts';
import {
  createMemoryData,
  openMemoryRegistryStore,
  openMemoryRestoreTarget,
  openMemoryStateStore,
} from '#libs/store/memory/open.ts';
import { openMongoRestoreTarget } from '#libs/store/mongo/backup-target.ts';
import { openMongoRegistryStore, openMongoStateStore } from '#libs/store/mongo/open.ts';
import type { MetaRow } from '#libs/store/opening/meta-row.ts';
import type { Migration } from '#libs/store/opening/migrations.ts';
import type { OpenContext, OpenRegistryStore, OpenStateStore } from '#libs/store/opening/open-context.ts';
import { type MongoLocation, parseStoreUri } from '#libs/store/opening/uri.ts';
import { openSqliteRestoreTarget } from '#libs/store/sqlite/backup-target.ts';
import { openSqliteRegistryStore, openSqliteStateStore } from '#libs/store/sqlite/open.ts';

/** What a test opens a store with. */
export interface HomeOptions {
  readonly partitions?: number;
  readonly newRow?: MetaRow;
  readonly migrations?: readonly Migration<unknown>[];
}

/** A place for one store, which is removed at the end. */
export interface StoreHome extends AsyncDisposable {
  readonly name: string;
  readonly openState: (options?: HomeOptions) => Promise<OpenStateStore>;
  readonly openRegistry: (options?: HomeOptions) => Promise<OpenRegistryStore>;
  readonly openTarget: (plan: RestorePlan) => Promise<RestoreTarget>;
}

/** A context that logs nothing and fails the test on trouble that is final. */
export const CONTEXT: OpenContext = {
  log: pino({ level: 'silent' }),
  signal: new AbortController().signal,
  onTrouble: () => undefined,
};

/** A store in memory. */
export async function createMemoryHome(): Promise<StoreHome> {
  const data = createMemoryData();
  return {
    name: 'memory',
    openState: (options) => openMemoryStateStore(CONTEXT, { data, ...options }),
    openRegistry: () => openMemoryRegistryStore(CONTEXT, { data }),
    openTarget: (plan) => openMemoryRestoreTarget(data, plan, CONTEXT),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A store in a folder of its own. */
export async function createSqliteHome(): Promise<StoreHome & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-store-'));
  return {
    name: 'SQLite',
    folder,
    openState: (options) => openSqliteStateStore(folder, CONTEXT, options),
    openRegistry: (options) => openSqliteRegistryStore(folder, CONTEXT, options),
    openTarget: (plan) => openSqliteRestoreTarget(folder, plan, CONTEXT),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  };
}

/** A store in a database of its own. */
export async function createMongoHome(uri: string): Promise<StoreHome & { readonly location: MongoLocation }> {
  const database = `millrace_test_${randomUUID().slice(0, 8)}`;
  const location = { ...(parseStoreUri(uri) as MongoLocation), database };
  const options = { holds: { cacheMs: 50 }, lock: { leaseMs: 2_000 } } as const;
  return {
    name: 'MongoDB',
    location,
    openState: (more) => openMongoStateStore(location, CONTEXT, { ...options, ...more }),
    openRegistry: (more) => openMongoRegistryStore(location, CONTEXT, { ...options, ...more }),
    openTarget: (plan) => openMongoRestoreTarget(location, plan, CONTEXT),
    async [Symbol.asyncDispose]() {
      await using client = await new MongoClient(uri).connect();
      await client.db(database).dropDatabase();
    },
  };
}
