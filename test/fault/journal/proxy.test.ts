import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Journal, JournalRecord } from '#libs/store/journal/journal.ts';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import { createMongoJournal } from '#libs/store/mongo/journal.ts';
import { dump, hex, makeRecord } from '#test/contract/store/journal/records.ts';
import { faultRuns, faultSeed } from '#test/fault/seed.ts';
import { describeWithMongo } from '#test/servers/servers.ts';
import { type InsertFate, type MongoProxy, startMongoProxy } from './mongo-proxy.ts';
import { createRandom } from './random.ts';

const seed = faultSeed('journal, proxy before MongoDB');
const signal = new AbortController().signal;
/** Short, because the tests wait for it; whatever else it catches is settled as well. */
const INSERT_TIMEOUT_MS = 400;

describeWithMongo('a journal in MongoDB behind a proxy', (uri) => {
  describe.each(['true', 'false'])('with retryWrites=%s', (retryWrites) => {
    const database = `millrace_test_${randomUUID()}`;
    const stack = new AsyncDisposableStack();
    let proxy: MongoProxy;
    /** The owner, through the proxy. */
    let owner: Journal;
    /** Somebody else, straight to the server. */
    let other: Journal;
    let partition = 0;

    beforeAll(async () => {
      const straight = stack.use(await new MongoClient(uri).connect());
      await straight.db(database).createCollection('journal');
      other = createMongoJournal(
        straight.db(database),
        createJournalContext(() => {}),
      );
      proxy = stack.use(await startMongoProxy(uri));
      const through = new URL(proxy.uri);
      through.searchParams.set('retryWrites', retryWrites);
      const client = stack.use(await new MongoClient(through.href, { serverSelectionTimeoutMS: 10_000 }).connect());
      const context = createJournalContext(() => {});
      owner = createMongoJournal(client.db(database), context, { insertTimeoutMs: INSERT_TIMEOUT_MS });
      stack.defer(async () => void (await straight.db(database).dropDatabase()));
    });

    beforeEach(() => {
      partition += 20;
    });

    afterEach(async () => {
      proxy.decide(() => 'pass');
      await proxy.letGo();
    });

    afterAll(async () => await stack.disposeAsync());

    async function decided(record: JournalRecord): Promise<string> {
      const [outcome] = await owner.append([record]);
      return outcome === 'committed' ? outcome : await owner.settle(record, signal);
    }

    /** Exactly this record stands in its partition, with the bytes that were sent. */
    async function expectAlone(record: JournalRecord): Promise<void> {
      const found = await dump(other, record.partition);
      expect(found).toEqual([expect.objectContaining({ position: record.position, batchId: hex(record.batchId) })]);
    }

    test.each<InsertFate>(['cut-before', 'cut-after'])('%s the reply: one outcome, one record', async (fate) => {
      proxy.decide((insert) => (insert === 1 ? fate : 'pass'));
      const record = makeRecord({ partition, position: 1 });
      expect(await owner.append([record])).toEqual(['unknown']);
      expect(await owner.settle(record, signal)).toBe('committed');
      await expectAlone(record);
      expect(await decided(makeRecord({ partition, position: 2 }))).toBe('committed');
    });

    test('cut while sixteen partitions are on their way: each is settled', async () => {
      for (const fate of ['cut-before', 'cut-after'] as const) {
        partition += 20;
        proxy.decide((insert) => (insert === 1 ? fate : 'pass'));
        const records = Array.from({ length: 16 }, (_, i) => makeRecord({ partition: partition + i, position: 1 }));
        expect(await owner.append(records)).toEqual(records.map(() => 'unknown'));
        const settled = await Promise.all(records.map((record) => owner.settle(record, signal)));
        expect(settled).toEqual(records.map(() => 'committed'));
        for (const record of records) await expectAlone(record);
      }
      partition += 20;
    });

    test('held until the client has given up, let go after it was inserted again: one record', async () => {
      proxy.decide((insert) => (insert === 1 ? 'hold' : 'pass'));
      const record = makeRecord({ partition, position: 1 });
      expect(await owner.append([record])).toEqual(['unknown']);
      expect(await owner.settle(record, signal)).toBe('committed');
      await proxy.letGo();
      await expectAlone(record);
      expect(await owner.settle(record, signal)).toBe('committed');
      expect(await decided(makeRecord({ partition, position: 2 }))).toBe('committed');
    });

    test('held, and held again, then let go: the delayed insert is the one that counts', async () => {
      proxy.decide(() => 'hold');
      const record = makeRecord({ partition, position: 1 });
      expect(await owner.append([record])).toEqual(['unknown']);
      const settling = owner.settle(record, signal);
      await proxy.hasHeld(2);
      await proxy.letGo();
      expect(await settling).toBe('committed');
      await proxy.letGo();
      await expectAlone(record);
    });

    test('held while another takes the partition over: lost, and the delayed insert changes nothing', async () => {
      proxy.decide((insert) => (insert === 1 ? 'hold' : 'pass'));
      const record = makeRecord({ partition, position: 1 });
      expect(await owner.append([record])).toEqual(['unknown']);
      expect(await other.writeEpoch(partition, 2, signal)).toBe(1);
      await proxy.letGo();
      expect(await owner.settle(record, signal)).toBe('lost');
      const left = await dump(other, partition);
      expect(left.map(({ position, isEpoch, epoch }) => [position, isEpoch, epoch])).toEqual([[1, true, 2]]);
    });

    test('held while another takes over, but let go first: committed, and the new owner comes after it', async () => {
      proxy.decide((insert) => (insert === 1 ? 'hold' : 'pass'));
      const record = makeRecord({ partition, position: 1 });
      expect(await owner.append([record])).toEqual(['unknown']);
      await proxy.letGo();
      expect(await other.writeEpoch(partition, 2, signal)).toBe(2);
      expect(await owner.settle(record, signal)).toBe('committed');
      expect(await decided(makeRecord({ partition, position: 2 }))).toBe('lost');
    });

    test('settling that is given up while the insert is held leaves the outcome unknown', async () => {
      proxy.decide(() => 'hold');
      const record = makeRecord({ partition, position: 1 });
      expect(await owner.append([record])).toEqual(['unknown']);
      await expect(owner.settle(record, AbortSignal.timeout(100))).rejects.toMatchObject({ name: 'TimeoutError' });
      expect(await dump(other, partition)).toEqual([]);
      await proxy.letGo();
      await expectAlone(record);
      proxy.decide(() => 'pass');
      expect(await owner.settle(record, signal)).toBe('committed');
    });

    test('an epoch whose inserts are cut and held is written once', async () => {
      const fates: InsertFate[] = ['cut-after', 'pass', 'hold', 'cut-before', 'cut-after'];
      proxy.decide((insert) => fates[insert - 1] ?? 'pass');
      expect(await owner.writeEpoch(partition, 1, signal)).toBe(1);
      expect(await owner.writeEpoch(partition, 2, signal)).toBe(2);
      expect(await owner.writeEpoch(partition, 3, signal)).toBe(3);
      await proxy.letGo();
      expect((await dump(other, partition)).map(({ position, epoch }) => [position, epoch])).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
    });

    test('whatever happens to inserts, an owner alone never loses and leaves one record per position', async () => {
      const random = createRandom(seed);
      const fates: InsertFate[] = ['pass', 'pass', 'pass', 'pass', 'cut-before', 'cut-after', 'cut-after', 'hold'];
      proxy.decide(() => fates[Math.floor(random() * fates.length)] ?? 'pass');
      const expected: string[] = [];
      const count = faultRuns(15, 300);
      for (let position = 1; position <= count; position += 1) {
        const record = makeRecord({ partition, position, batch: random() });
        expected.push(hex(record.batchId));
        const deciding = decided(record);
        if (random() < 0.5) {
          await delay(random() * 2 * INSERT_TIMEOUT_MS);
          await proxy.letGo();
        }
        expect(await deciding).toBe('committed');
      }
      proxy.decide(() => 'pass');
      await proxy.letGo();
      expect((await dump(other, partition)).map(({ batchId }) => batchId)).toEqual(expected);
    });
  });
});
