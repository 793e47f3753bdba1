import { randomUUID } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMongoHolds } from '#libs/store/mongo/backup-holds.ts';
import { createMongoScan } from '#libs/store/mongo/backup-scan.ts';
import { createMongoBlobs } from '#libs/store/mongo/blobs.ts';
import { boundedCall } from '#libs/store/mongo/bounded-call.ts';
import { withinTime } from '#libs/store/mongo/journal-attempt.ts';
import { openMongoMeta, readMongoMeta, writeMongoMeta } from '#libs/store/mongo/meta.ts';
import { keepBeating, takeStoreLock } from '#libs/store/mongo/meta-lock.ts';
import { createCollections, openMongoStateStore } from '#libs/store/mongo/open.ts';
import { createMongoStateTables } from '#libs/store/mongo/tables/state-tables.ts';
import { createMetaRow } from '#libs/store/opening/meta-row.ts';
import { type MongoLocation, parseStoreUri } from '#libs/store/opening/uri.ts';
import { StoreError } from '#libs/store/store-error.ts';
import { CONTEXT } from '#test/contract/store/open/store-homes.ts';
import { describeWithMongo } from '#test/servers/servers.ts';
import { type SilentProxy, startSilentProxy } from './silent-proxy.ts';

const TIMEOUT_MS = 60_000;
/** What calls are given here, and what they may take beyond it on a busy machine. */
const LIMIT_MS = 1_500;
const SLACK_MS = 1_500;
const NO_ANSWER = `no answer within ${LIMIT_MS} ms`;
const { signal } = CONTEXT;
const limits = { timeoutMs: LIMIT_MS };

describeWithMongo('a server that falls silent', (uri) => {
  describe('ends calls', { timeout: TIMEOUT_MS }, () => {
    const stack = new AsyncDisposableStack();
    let proxy: SilentProxy;
    let client: MongoClient;
    let db: Db;
    /** The database without the proxy. */
    let steady: Db;

    beforeAll(async () => {
      const name = `millrace_test_${randomUUID().slice(0, 8)}`;
      steady = stack.use(await new MongoClient(uri).connect()).db(name);
      stack.defer(async () => void (await steady.dropDatabase()));
      proxy = stack.use(await startSilentProxy(uri));
      client = stack.use(await new MongoClient(proxy.uri, { serverSelectionTimeoutMS: 10_000 }).connect());
      db = client.db(name);
      await createCollections(db, 'state', signal);
    }, TIMEOUT_MS);
    beforeEach(() => proxy.decide(() => 'pass'));
    afterAll(async () => await stack.disposeAsync(), TIMEOUT_MS);

    /** Swallows every reply to some commands. */
    const silence = (...commands: string[]): void =>
      proxy.decide((command) => (commands.includes(command) ? 'swallow' : 'pass'));

    /** Waits for a call that must fail in its time, and for its connection to be closed; then replies come again. */
    async function failureOf(call: () => Promise<unknown>, limitMs = LIMIT_MS): Promise<unknown> {
      const startMs = performance.now();
      const failure = await call().then(
        () => undefined,
        (error: unknown) => error,
      );
      const tookMs = performance.now() - startMs;
      expect(tookMs).toBeGreaterThan(limitMs - 50);
      expect(tookMs).toBeLessThan(limitMs + SLACK_MS);
      proxy.decide(() => 'pass');
      await expect.poll(() => proxy.silentCount).toBe(0);
      return failure;
    }

    const blobs = () => createMongoBlobs(db, limits);
    const newKey = () => ({ kind: 'blob', tenantId: 'tenant', sha256: randomUUID() }) as const;
    async function* bytesOf(value: number, count = 300_000): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(count).fill(value);
    }
    const put = (key: ReturnType<typeof newKey>, value = 1) =>
      blobs().put(key, bytesOf(value), { maxBytes: 1e6, signal, now: 1 });
    async function read(key: ReturnType<typeof newKey>): Promise<string> {
      const parts = [];
      for await (const part of (await blobs().get(key, signal)) ?? []) parts.push(part);
      const bytes = Buffer.concat(parts);
      return `${bytes.length} × ${[...new Set(bytes)].join()}`;
    }

    test.each<[what: string, command: string, call: (key: ReturnType<typeof newKey>) => Promise<unknown>]>([
      ['a put at its note', 'insert blob_notes', () => put(newKey())],
      ['a put at a chunk', 'insert blob_chunks', () => put(newKey())],
      ['a put at the renewal of its note', 'update blob_notes', () => put(newKey())],
      ['a look', 'find blobs', (key) => blobs().stat(key)],
      ['a read', 'find blob_chunks', read],
      ['a delete', 'delete blobs', (key) => blobs().delete(key)],
      ['a list', 'find blobs', () => blobs().listOlderThan('blob', 5, { limit: 10 })],
      ['a sweep', 'find blob_notes', () => blobs().sweepUnfinished(5, 10)],
    ])('of blobs: %s', async (_, command, call) => {
      const key = newKey();
      await put(key);
      silence(command);
      const message = `the store of blobs gave ${NO_ANSWER}`;
      const failure = await failureOf(() => call(key));
      expect(failure).toMatchObject({ reason: 'UNAVAILABLE', message, cause: { name: 'NoAnswerError' } });
      await put(key, 2);
      expect(await read(key)).toBe('300000 × 2');
    });

    test.each(['cut', 'swallow'] as const)('and a put whose row got no reply (%s) knows its own', async (fate) => {
      const key = newKey();
      proxy.decide((command, count) => (command === 'insert blobs' && count === 1 ? fate : 'pass'));
      const first = await put(key);
      expect((await blobs().stat(key))?.putId).toBe(first.putId);
      expect(await read(key)).toBe('300000 × 1');

      // The first insert finds that the key is taken, which is an answer.
      proxy.decide((command, count) => (command === 'update blobs' && count === 1 ? fate : 'pass'));
      const second = await put(key, 2);
      expect((await blobs().stat(key))?.putId).toBe(second.putId);
      expect(await read(key)).toBe('300000 × 2');
      const chunks = steady.collection<{ _id: string }>('blob_chunks');
      expect(await chunks.countDocuments({ _id: { $gte: `${first.putId}-`, $lt: `${first.putId}.` } })).toBe(0);
      expect(await chunks.countDocuments({ _id: { $gte: `${second.putId}-`, $lt: `${second.putId}.` } })).toBe(2);
    });

    test('and a put or a delete whose connection was cut goes on', async () => {
      const key = newKey();
      for (const lost of ['insert blob_notes', 'insert blob_chunks', 'update blob_notes', 'delete blob_notes']) {
        proxy.decide((command, count) => (command === lost && count === 1 ? 'cut' : 'pass'));
        await put(key);
        expect(await read(key)).toBe('300000 × 1');
      }
      proxy.decide((command, count) => (command === 'delete blobs' && count === 1 ? 'cut' : 'pass'));
      expect(await blobs().delete(key)).toBe(true);
      expect(await blobs().stat(key)).toBeUndefined();
      expect(await blobs().delete(key)).toBe(false);
    });

    test('and a put whose connections are all cut fails', async () => {
      proxy.decide((command) => (command === 'insert blob_notes' ? 'cut' : 'pass'));
      const message = 'the store of blobs cannot be reached or did not do what was asked';
      await expect(put(newKey())).rejects.toMatchObject({ reason: 'UNAVAILABLE', message });
    });

    test('of the meta row', async () => {
      const newRow = createMetaRow('state', 3);
      const options = { newRow, create: async () => {}, lock: { leaseMs: 60_000, beatMs: 50 }, ...limits };
      silence('find meta');
      expect(await failureOf(() => readMongoMeta(db, limits))).toMatchObject({ message: NO_ANSWER });
      // Its lock is the first insert.
      silence('insert meta');
      const opening = await failureOf(() => openMongoMeta(db, signal, options));
      expect(opening).toMatchObject({ name: 'NoAnswerError', message: NO_ANSWER });
      // And it is not left behind, or this would wait for a lease.
      expect(await openMongoMeta(db, signal, options)).toEqual(newRow);

      const next = { ...newRow, era: newRow.era + 1 };
      silence('update meta');
      const writing = await failureOf(() => writeMongoMeta(db, next, newRow, limits));
      expect(writing).toMatchObject({ message: NO_ANSWER });
      // It was done: whoever writes it again finds it, and another is told.
      await writeMongoMeta(db, next, newRow, limits);
      const other = { ...newRow, era: newRow.era + 2 };
      await expect(writeMongoMeta(db, other, newRow, limits)).rejects.toThrow('changed by somebody else');
      await expect(writeMongoMeta(db, other, undefined, limits)).rejects.toThrow('changed by somebody else');
      expect(await readMongoMeta(db, limits)).toEqual(next);
    });

    test('of the lock, and its caller need not wait for them', async () => {
      silence('insert meta');
      expect(await failureOf(() => takeStoreLock(db, signal, limits))).toMatchObject({ message: NO_ANSWER });
      silence('find meta');
      await using lock = await takeStoreLock(db, signal, limits);
      const stop = new AbortController();
      const waiting = takeStoreLock(db, stop.signal, { timeoutMs: TIMEOUT_MS });
      setTimeout(() => stop.abort(new RangeError('enough')), 200);
      await expect(waiting).rejects.toThrow('enough');
      expect(lock.lost.aborted).toBe(false);
    });

    test('of signs of life: one that got no reply is nothing, all of them are', async () => {
      const row = { _id: `hold/${randomUUID()}`, holder: 'me' };
      await steady.collection<{ _id: string }>('meta').insertOne(row);
      proxy.decide((command, count) => (command === 'update meta' && count === 1 ? 'swallow' : 'pass'));
      const beating = keepBeating(db, row, 4_000, 100);
      await new Promise((resolve) => setTimeout(resolve, 4_500));
      expect(beating.lost.aborted).toBe(false);
      silence('update meta');
      const startMs = performance.now();
      await new Promise<void>((resolve) => beating.lost.addEventListener('abort', () => resolve()));
      expect(performance.now() - startMs).toBeLessThan(4_000 + SLACK_MS);
      await beating.stop();
      await steady.collection<{ _id: string }>('meta').deleteOne({ _id: row._id });
      await expect.poll(() => proxy.silentCount).toBe(0);
    });

    test('of holds', async () => {
      const holds = createMongoHolds(db, { cacheMs: 10, ...limits });
      const failed = { reason: 'UNAVAILABLE', message: `the store of holds gave ${NO_ANSWER}` };
      silence('find meta');
      expect(await failureOf(() => holds.isHeld())).toMatchObject(failed);
      silence('insert meta');
      expect(await failureOf(() => holds.hold(signal))).toMatchObject(failed);
      // What was inserted all the same is removed.
      expect(await holds.isHeld()).toBe(false);
      silence('insert meta');
      const stop = new AbortController();
      setTimeout(() => stop.abort(new RangeError('enough')), 200);
      await expect(holds.hold(stop.signal)).rejects.toThrow('enough');
      proxy.decide(() => 'pass');
      await using hold = await holds.hold(signal);
      expect(await holds.isHeld()).toBe(true);
      expect(hold.lost.aborted).toBe(false);
    });

    test('of scans', async () => {
      const rows = Array.from({ length: 120 }, (_, index) => ({ _id: `c-${1000 + index}`, name: `c${index}` }));
      await steady.collection<{ _id: string }>('cursors').insertMany(rows);
      const scan = createMongoScan(db, limits);
      const message = `the table cursors gave ${NO_ANSWER}`;
      const names: string[] = [];
      for (let after: string | undefined, pages = 1; ; pages += 1) {
        if (pages === 2) {
          silence('find cursors');
          const failure = await failureOf(() => scan.scanRows('cursors', after));
          expect(failure).toMatchObject({ reason: 'UNAVAILABLE', message });
        }
        const page = await scan.scanRows('cursors', after);
        names.push(...page.rows.map(({ name }) => name));
        after = page.next;
        if (after === undefined) break;
      }
      expect(names).toEqual(rows.map(({ name }) => name));
    });

    test('of cursors, whose next replies and whose end heed no signal', async () => {
      const rows = Array.from({ length: 120 }, (_, index) => ({ _id: 1000 + index }));
      await steady.collection<{ _id: number }>('numbers').insertMany(rows);
      let killed = 0;
      proxy.decide((command) => {
        killed += command.startsWith('killCursors') ? 1 : 0;
        return command === 'getMore' || command.startsWith('killCursors') ? 'swallow' : 'pass';
      });
      const startMs = performance.now();
      const reading = boundedCall(limits, (bound) =>
        db.collection('numbers').find({}, { batchSize: 50, signal: bound }).toArray(),
      );
      await expect(reading).rejects.toThrow(NO_ANSWER);
      expect(performance.now() - startMs).toBeLessThan(LIMIT_MS + SLACK_MS);
      // The driver leaves these connections to their own limit. Here the proxy ends them.
      await expect.poll(() => killed).toBe(1);
      proxy.cutSilent();
      await expect.poll(() => proxy.silentCount).toBe(0);
    });

    test('of tables and journal', async () => {
      const tables = createMongoStateTables(db, limits);
      silence('find cursors');
      expect(await failureOf(() => tables.readCursor('c'))).toMatchObject({
        problem: 'unreachable',
        message: `the tables gave ${NO_ANSWER}`,
      });
      silence('find journal');
      const reading = () =>
        withinTime(LIMIT_MS, undefined, (bound) => db.collection('journal').findOne({}, { signal: bound }));
      const failure = await failureOf(reading);
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure).toMatchObject({ problem: 'unreachable', message: NO_ANSWER });
      expect(await reading()).toBeNull();
    });
  });

  test.each(['buildInfo', 'insert capability_check', 'createIndexes heads', 'insert meta'])(
    'ends opening a store, when its caller ends it at %s, and the next one opens it',
    { timeout: TIMEOUT_MS },
    async (command) => {
      await using proxy = await startSilentProxy(uri);
      const database = `millrace_test_${randomUUID().slice(0, 8)}`;
      const location = { ...(parseStoreUri(proxy.uri) as MongoLocation), database };
      await using client = await new MongoClient(uri).connect();
      const stop = new AbortController();
      proxy.decide((sent) => {
        const isIt = sent === command || `${sent}`.startsWith(`${command} `);
        if (isIt) setTimeout(() => stop.abort(new RangeError('enough')), 100);
        return isIt ? 'swallow' : 'pass';
      });
      const opening = openMongoStateStore(location, { ...CONTEXT, signal: stop.signal }, { lock: { leaseMs: 2_000 } });
      await expect(opening).rejects.toThrow('enough');
      proxy.decide(() => 'pass');
      await using store = await openMongoStateStore(location, CONTEXT, { lock: { leaseMs: 2_000 } });
      expect(await store.backup.holds.isHeld()).toBe(false);
      await client.db(database).dropDatabase();
    },
  );

  test('ends opening a store within its time, naming the host', { timeout: TIMEOUT_MS }, async () => {
    await using proxy = await startSilentProxy(uri);
    proxy.decide((sent) => (sent.startsWith('buildInfo') ? 'swallow' : 'pass'));
    const location = parseStoreUri(proxy.uri) as MongoLocation;
    const startMs = performance.now();
    const { host } = new URL(proxy.uri);
    const message = `the store at ${host} cannot be used: no answer within 10000 ms`;
    await expect(openMongoStateStore(location, CONTEXT)).rejects.toThrow(message);
    expect(performance.now() - startMs).toBeLessThan(10_000 + 2 * SLACK_MS);
  });
});
