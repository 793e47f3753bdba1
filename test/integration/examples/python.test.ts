import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWithMongo } from '#test/servers/servers.ts';
import { createTestFolder } from '#test/service-process.ts';
import { describeWithTools } from '#test/tools/tools.ts';
import type { ExampleProcess } from './example-process.ts';
import { type PythonOrders, servePythonOrders } from './python-order.ts';
import { makePythonStubs } from './python-stubs.ts';

const LONG = { timeout: 60_000 };
const DONE = { tracking: 'track-o', receipt: 'receipt-o', boxes: 1 };

function count(text: RegExp, ...workers: readonly ExampleProcess[]): number {
  return workers.flatMap((worker) => worker.output().match(new RegExp(text, 'g')) ?? []).length;
}

/** Kills a worker once the result of the first task is saved; another one does the rest. */
async function killBetweenTasks(orders: PythonOrders): Promise<void> {
  await using first = orders.work();
  // Long enough that it is not done before the kill on a busy machine.
  await orders.start('o', '--packing', '3');
  await first.wrote(/o: saved charge/);
  await first.kill();
  await using second = orders.work();
  await second.wrote(/o: saved ship/);
  const effects = [/o: charged/, /o: packed/, /o: shipped/];
  expect(effects.map((effect) => count(effect, first, second))).toEqual([1, 1, 1]);
  expect(count(/o: charged/, second)).toBe(0);
  expect(await orders.get('o')).toMatchObject({ status: 'COMPLETED', driver: 'CLIENT', output: { value: DONE } });
  expect(await orders.resultOf('o', 'charge')).toEqual({ receipt: 'receipt-o' });
}

describeWithTools('the example in Python', ['python'], ({ python }) => {
  const folder = createTestFolder();
  beforeAll(async () => await makePythonStubs(python, folder.path), 60_000);
  afterAll(() => folder[Symbol.dispose]());
  const serve = (store?: string): Promise<PythonOrders> => servePythonOrders(python, folder.path, store);

  describe('in SQLite', () => {
    test('[42] kill -9 after the first of three tasks: it is not done again, the others once', LONG, async () => {
      await using orders = await serve();
      await killBetweenTasks(orders);
    });

    test('[42] kill -9 in a task, of the state service too: the task is done again, by one worker', LONG, async () => {
      await using orders = await serve();
      await using first = orders.work();
      await orders.start('o', '--packing', '2.5');
      await first.wrote(/o: packing \(attempt 1\)/);
      await first.kill();
      await orders.crash();
      // Packing takes longer than a claim lives, so that one of them has to extend it before the other gets it.
      await using second = orders.work();
      await using third = orders.work();
      await Promise.race([second.wrote(/o: saved ship/), third.wrote(/o: saved ship/)]);
      const effects = [/o: charged/, /o: packing \(attempt 2\)/, /o: packed/, /o: shipped/];
      expect(effects.map((effect) => count(effect, first, second, third))).toEqual([1, 1, 1, 1]);
      expect(await orders.get('o')).toMatchObject({ status: 'COMPLETED', output: { value: DONE } });
    });

    test('[29] a pause stops a run before its next task, and resumed it goes on there', LONG, async () => {
      await using orders = await serve();
      await using worker = orders.work();
      await orders.start('o', '--packing', '2');
      await worker.wrote(/o: packing/);
      expect(await orders.millrace.run(['run', 'pause', 'o'])).toMatchObject({ code: 0 });
      await worker.wrote(/o: saved pack/);
      const paused = { status: 'PAUSED', controls: [], position: { atTask: { taskId: 'ship' } } };
      await expect.poll(() => orders.get('o'), { timeout: 10_000 }).toMatchObject(paused);
      expect(count(/o: shipped/, worker)).toBe(0);
      expect(await orders.millrace.run(['run', 'resume', 'o'])).toMatchObject({ code: 0 });
      await worker.wrote(/o: saved ship/);
      expect([/o: charged/, /o: packed/, /o: shipped/].map((effect) => count(effect, worker))).toEqual([1, 1, 1]);
    });

    test('[27] a pause of a run that nobody works on takes effect too', LONG, async () => {
      await using orders = await serve();
      await orders.start('o');
      expect(await orders.millrace.run(['run', 'pause', 'o'])).toMatchObject({ code: 0 });
      await using worker = orders.work();
      await expect.poll(() => orders.get('o'), { timeout: 10_000 }).toMatchObject({ status: 'PAUSED' });
      expect(worker.output()).not.toContain('charged');
    });

    test('[28] a cancel ends the run in the midst of a task, which the log names', LONG, async () => {
      await using orders = await serve();
      await using worker = orders.work();
      await orders.start('o', '--packing', '30');
      await worker.wrote(/o: packing/);
      expect(await orders.millrace.run(['run', 'cancel', 'o'])).toMatchObject({ code: 0 });
      await worker.wrote(/o: unpacked/);
      expect(await orders.get('o')).toMatchObject({ status: 'CANCELLED', endedBy: 'development' });
      const { lines } = await orders.millrace.json(['run', 'history', 'o', '--system']);
      const ended = { status: 'CANCELLED', interruptedAt: 'pack' };
      expect(lines.at(-1)).toMatchObject({ event: { systemRecord: { kind: 'ended', ended } } });
      expect(await orders.resultOf('o', 'charge')).toEqual({ receipt: 'receipt-o' });
      expect(worker.output()).not.toContain('saved pack');
    });

    test('Ctrl-C hands a task back at once, and its attempt does not count', LONG, async () => {
      await using orders = await serve();
      await using first = orders.work();
      await orders.start('o', '--packing', '1');
      await first.wrote(/o: packing \(attempt 1\)/);
      first.signal('SIGINT');
      expect(await first.ended()).toBe(0);
      await using second = orders.work();
      await second.wrote(/o: packing \(attempt 1\)/);
      await second.wrote(/o: saved ship/);
    });

    test('a task that fails three times fails its run', LONG, async () => {
      await using orders = await serve();
      await using worker = orders.work();
      await orders.start('o', '--cents', '-1');
      await worker.wrote(/o: charge failed: .* \(attempt 3\)/);
      const failure = { type: 'ValueError', message: 'an order costs nothing or more' };
      await expect.poll(() => orders.get('o'), { timeout: 10_000 }).toMatchObject({ status: 'FAILED', failure });
    });
  });

  describeWithMongo('in MongoDB', (uri) => {
    test('[42] kill -9 after the first of three tasks: it is not done again, the others once', LONG, async () => {
      const store = new URL(uri);
      store.pathname = `/python_${randomUUID().slice(0, 8)}`;
      try {
        await using orders = await serve(store.href);
        await killBetweenTasks(orders);
      } finally {
        await using client = await MongoClient.connect(uri);
        await client.db(store.pathname.slice(1)).dropDatabase();
      }
    });
  });
});
