import { expect, test } from 'vitest';
import { memoryWorker } from '../testing/memory-worker.ts';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { TestDispatch } from '../testing/test-dispatch.ts';
import { recordsOf } from '../testing/test-run.ts';
import { startTestServer } from '../testing/test-server.ts';
import { text } from '../testing/text.ts';
import type { RunFunction } from './function-run.ts';

test.each([false, true])(
  'code that was added at the beginning knows the log before it runs, however late that comes (patched: %s)',
  async (wasPatched) => {
    await using server = await startTestServer();
    const { dispatch } = server;
    const run = dispatch.start('r1');
    const seen: boolean[] = [];
    const code =
      (isNew: boolean): RunFunction =>
      async (ctx) => {
        // Records that were on their way before the mark of the patch.
        const first = Array.from({ length: 5 }, () => ctx.step('first', () => text('first')));
        const isPatched = isNew && ctx.patched('more');
        seen.push(isPatched);
        await Promise.all(first);
        if (isPatched) await ctx.step('more', () => undefined);
        await ctx.waitSignal('go');
        return undefined;
      };
    {
      await using _worker = quickWorker(server, code(wasPatched));
      await until(() => run.waits.length === 1);
    }
    dispatch.maxHistory = 2;
    dispatch.maxChunk = 2;
    const records = recordsOf(run);
    dispatch.signal(run, 'go');
    await using _worker = quickWorker(server, code(true));
    await untilEnded(run);
    expect(seen).toEqual([wasPatched, wasPatched]);
    expect([run.status, recordsOf(run)]).toEqual(['completed', records]);
  },
);

test('the mark of a patch is found behind the records of all that was awaited when it was made', async () => {
  const dispatch = new TestDispatch();
  const run = dispatch.start('r1');
  const seen: boolean[] = [];
  const code: RunFunction = async (ctx) => {
    const released = Promise.withResolvers<void>();
    const many = Array.from({ length: 1_500 }, () => ctx.step('many', () => released.promise.then(() => undefined)));
    // They are on their way before this step is given to the function.
    await ctx.step('quick', () => {
      setImmediate(released.resolve);
      return undefined;
    });
    seen.push(ctx.patched('more'));
    await Promise.all(many);
    await ctx.waitSignal('go');
    return undefined;
  };
  const first = memoryWorker(dispatch, code);
  await until(() => run.waits.length === 1);
  first.close();
  expect(recordsOf(run).indexOf('patched:more#0 valueRecorded')).toBeGreaterThan(1_400);
  dispatch.maxHistory = 100;
  dispatch.maxChunk = 100;
  dispatch.sendsChunksApart = true;
  dispatch.signal(run, 'go');
  dispatch.forgetSessions();
  const second = memoryWorker(dispatch, code);
  await until(() => run.status !== 'open');
  second.close();
  expect([run.status, seen]).toEqual(['completed', [true, true]]);
});
