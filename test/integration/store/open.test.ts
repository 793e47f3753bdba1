import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { openMetaCollection } from '#libs/store/mongo/meta-collection.ts';
import { takeStoreLock } from '#libs/store/mongo/meta-lock.ts';
import { openMongoStateStore } from '#libs/store/mongo/open.ts';
import { type MongoLocation, parseStoreUri } from '#libs/store/opening/uri.ts';
import { migrationContract, openContract } from '#test/contract/store/open/open-contract.ts';
import { CONTEXT, createMongoHome } from '#test/contract/store/open/store-homes.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

describeWithMongo('with a MongoDB-protocol server', (uri) => {
  openContract('opening a store in MongoDB', () => createMongoHome(uri), true);
  migrationContract('migrating a store in MongoDB', () => createMongoHome(uri));

  test('processes that start at once make one store', { timeout: 60_000 }, async () => {
    await using home = await createMongoHome(uri);
    const stores = await Promise.all([4, 5, 6].map((partitions) => home.openState({ partitions })));
    const counts = new Set(stores.map(({ meta }) => meta.partitions));
    for (const store of stores) await store[Symbol.asyncDispose]();
    expect(counts.size).toBe(1);
  });

  test('a database with a store is not restored into', { timeout: 60_000 }, async () => {
    await using home = await createMongoHome(uri);
    await (await home.openState())[Symbol.asyncDispose]();
    await expect(home.openTarget({ service: 'state', partitions: 1 })).rejects.toThrow('is not empty');
  });

  test.each(['retryWrites=true', 'retryWrites=false'])(
    'opens and writes with %s',
    { timeout: 60_000 },
    async (query) => {
      await using home = await createMongoHome(uri);
      const location = { ...home.location, uri: `${uri.replace(/\/$/, '')}/?${query}` };
      await using store = await openMongoStateStore(location, CONTEXT);
      const bytes = async function* () {
        yield new Uint8Array(300_000);
      };
      const options = { maxBytes: 1e6, signal: CONTEXT.signal, now: 1 };
      const info = await store.blobs.put({ kind: 'blob', tenantId: 't', sha256: 's' }, bytes(), options);
      expect(info.size).toBe(300_000);
    },
  );

  test('the lock goes to one at a time, and to the next when its holder stops beating', {
    timeout: 60_000,
  }, async () => {
    await using home = await createMongoHome(uri);
    await using client = await new MongoClient(uri).connect();
    const db = client.db(home.location.database ?? '');
    const meta = openMetaCollection(db);
    const timing = { leaseMs: 3_000, beatMs: 100 };
    const first = await takeStoreLock(db, CONTEXT.signal, timing);
    const stop = new AbortController();
    const waiting = takeStoreLock(db, stop.signal, timing);
    stop.abort(new RangeError('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await first[Symbol.asyncDispose]();
    // Nobody counts this row up.
    await meta.insertOne({ _id: 'lock', holder: 'dead', beat: 7 });
    const second = await takeStoreLock(db, CONTEXT.signal, timing);
    expect((await meta.findOne({ _id: 'lock' }))?.holder).not.toBe('dead');
    // Somebody else took it over.
    await meta.updateOne({ _id: 'lock' }, { $set: { holder: 'other' } });
    await new Promise<void>((resolve) => second.lost.addEventListener('abort', () => resolve()));
    await second[Symbol.asyncDispose]();
    expect((await meta.findOne({ _id: 'lock' }))?.holder).toBe('other');
  });
});

test('a server that is not there is named, and the password is not', async () => {
  const location = parseStoreUri('mongodb://user:hunter2@127.0.0.1:1/x?serverSelectionTimeoutMS=300') as MongoLocation;
  const attempt = openMongoStateStore(location, CONTEXT);
  await expect(attempt).rejects.toThrow('the store at 127.0.0.1:1 cannot be used');
  await expect(attempt).rejects.not.toThrow('hunter2');
});

test('waiting for a server ends with the signal', async () => {
  const stop = new AbortController();
  const location = parseStoreUri('mongodb://127.0.0.1:1/x') as MongoLocation;
  const attempt = openMongoStateStore(location, { ...CONTEXT, signal: stop.signal });
  setTimeout(() => stop.abort(new RangeError('enough')), 50);
  await expect(attempt).rejects.toThrow('enough');
});
