import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { ensureRegistryCollections } from '#libs/store/mongo/tables/registry-collections.ts';
import { createMongoRegistryTables } from '#libs/store/mongo/tables/registry-tables.ts';
import { ensureStateCollections } from '#libs/store/mongo/tables/state-collections.ts';
import { createMongoStateTables } from '#libs/store/mongo/tables/state-tables.ts';
import type { MongoTablesOptions } from '#libs/store/mongo/tables/tables-context.ts';
import type { OpenTables, TablesStore } from './tables-store.ts';

/** Tables in two databases of their own, which are dropped at the end. Each opening has a client of its own. */
export async function openMongoTablesStore(
  uri: string,
  options: MongoTablesOptions = { timeoutMs: 30_000 },
): Promise<TablesStore> {
  const name = `millrace_test_${randomUUID()}`;
  const names = { state: `${name}_s`, registry: `${name}_r` };
  const connect = async (): Promise<MongoClient> =>
    await new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 }).connect();
  const stack = new AsyncDisposableStack();
  const cleaner = stack.use(await connect());
  const databases = Object.values(names).map((database) => cleaner.db(database));
  for (const database of databases) {
    stack.defer(async () => void (await database.dropDatabase()));
  }
  await Promise.all([
    ensureStateCollections(cleaner.db(names.state)),
    ensureRegistryCollections(cleaner.db(names.registry)),
  ]);
  let client: MongoClient | undefined;
  stack.defer(async () => await client?.close());

  async function open(): Promise<OpenTables> {
    await client?.close();
    client = await connect();
    return {
      state: createMongoStateTables(client.db(names.state), options),
      registry: createMongoRegistryTables(client.db(names.registry), options),
    };
  }

  return {
    async openEmpty() {
      for (const database of databases) {
        const collections = await database.collections();
        await Promise.all(collections.map((collection) => collection.deleteMany({})));
      }
      return await open();
    },
    reopen: open,
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}
