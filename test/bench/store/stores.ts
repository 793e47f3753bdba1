import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import pino from 'pino';
import type { Journal } from '#libs/store/journal/journal.ts';
import { openMemoryStateStore } from '#libs/store/memory/open.ts';
import { openMongoStateStore } from '#libs/store/mongo/open.ts';
import type { OpenContext } from '#libs/store/opening/open-context.ts';
import { type MongoLocation, parseStoreUri } from '#libs/store/opening/uri.ts';
import { openSqliteStateStore } from '#libs/store/sqlite/open.ts';
import type { StateStore } from '#libs/store/store.ts';
import { findServers } from '../../servers/find-servers.ts';
import type { CommitSubject } from './journal.ts';
import { plainSqliteSubject, rawMongoSubject, rawSqliteSubject } from './raw-subjects.ts';

/** A store under measurement, with what stands beside it. */
export interface BenchStore extends AsyncDisposable {
  readonly name: string;
  readonly journal: Journal;
  readonly tables: StateStore['tables'];
  /** The first is what the bar is about. */
  readonly raw: readonly CommitSubject[];
}

const context: OpenContext = {
  log: pino({ level: 'silent' }),
  signal: new AbortController().signal,
  onTrouble: (error) => process.stderr.write(`${error.message}\n`),
};

/** Opens every kind of store in or beside a folder. A server of the MongoDB protocol is looked for as the tests do. */
export async function openStores(
  folder: string,
): Promise<AsyncDisposable & { readonly stores: readonly BenchStore[] }> {
  const stack = new AsyncDisposableStack();
  const { servers, ...found } = await findServers();
  stack.use(found);
  const stores = [stack.use(await openMemory()), stack.use(await openSqlite(folder))];
  if ('at' in servers.mongodb) {
    stores.push(stack.use(await openMongo(servers.mongodb.at)));
  } else {
    process.stderr.write(`not measured: ${servers.mongodb.missing}\n`);
  }
  return { stores, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

async function openMemory(): Promise<BenchStore> {
  const store = await openMemoryStateStore(context);
  const { journal, tables } = store;
  return { name: 'memory', journal, tables, raw: [], [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

async function openSqlite(folder: string): Promise<BenchStore> {
  const stack = new AsyncDisposableStack();
  const rawFolder = join(folder, 'raw');
  mkdirSync(rawFolder);
  const raw = [stack.use(plainSqliteSubject(rawFolder)), stack.use(rawSqliteSubject(rawFolder))];
  const { journal, tables } = stack.use(await openSqliteStateStore(join(folder, 'store'), context));
  return { name: 'SQLite', journal, tables, raw, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

async function openMongo(uri: string): Promise<BenchStore> {
  const stack = new AsyncDisposableStack();
  const location = parseStoreUri(uri) as MongoLocation;
  const database = `bench_${randomBytes(6).toString('hex')}`;
  const client = stack.adopt(await MongoClient.connect(uri), (open) => open.close());
  stack.defer(async () => void (await client.db(database).dropDatabase()));
  const { journal, tables, server } = stack.use(await openMongoStateStore({ ...location, database }, context));
  return {
    name: `MongoDB (${server.kind})`,
    journal,
    tables,
    raw: [rawMongoSubject(client.db(database))],
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}
