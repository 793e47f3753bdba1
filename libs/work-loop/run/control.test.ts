import { expect, test } from 'vitest';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { recordsOf } from '../testing/test-run.ts';
import { startTestServer } from '../testing/test-server.ts';
import { text, textOf } from '../testing/text.ts';
import { CancelledError } from './errors.ts';

test('a cancel is thrown once into what is awaited, and clean-up goes on', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const seen: unknown[] = [];
  await using _worker = quickWorker(server, async (ctx) => {
    try {
      await ctx.waitSignal('never');
    } catch (error) {
      seen.push(error);
      await ctx.step('refund', () => undefined);
      throw error;
    }
    return undefined;
  });
  await until(() => run.waits.length === 1);
  server.dispatch.cancel(run);
  await untilEnded(run);
  expect(run.status).toBe('cancelled');
  expect(seen).toEqual([expect.any(CancelledError)]);
  expect(recordsOf(run)).toEqual(['never#0 signalWaitStarted', 'refund#0 stepRecorded']);
});

test('[31] a cancel aborts the step that runs, and its late result is not recorded', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const finish = Promise.withResolvers<void>();
  let wasAborted = false;
  await using _worker = quickWorker(server, async (ctx) => {
    await ctx.step('slow', async (step) => {
      step.signal.addEventListener('abort', () => {
        wasAborted = true;
        finish.resolve();
      });
      await finish.promise;
      return text('late');
    });
    return undefined;
  });
  await until(() => run.holder !== undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  server.dispatch.cancel(run);
  await untilEnded(run);
  expect(wasAborted).toBe(true);
  expect(run.status).toBe('cancelled');
  expect(recordsOf(run)).toEqual([]);
});

test('a run that was cancelled without a worker is told when it is assigned', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  server.dispatch.cancel(run);
  await using _worker = quickWorker(server, async (ctx) => {
    const settled = await Promise.allSettled([ctx.step('a', () => undefined)]);
    await ctx.step('b', () => undefined);
    expect(settled[0]).toMatchObject({ status: 'rejected' });
    return undefined;
  });
  await untilEnded(run);
  expect(recordsOf(run)).toEqual(['b#0 stepRecorded']);
});

test('a cancel that the log begins with is told to all that a function asks for first, as where it came a moment later', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  server.dispatch.cancel(run);
  await using _worker = quickWorker(server, async (ctx) => {
    await Promise.resolve();
    const settled = await Promise.allSettled([ctx.step('a', () => undefined), ctx.waitSignal('b'), ctx.sleep(1)]);
    return text(settled.map(({ status }) => status).join());
  });
  await untilEnded(run);
  expect(recordsOf(run)).toEqual([]);
  expect(textOf(run.output)).toBe('rejected,rejected,rejected');
});

test('a function whose log has nothing that it did is not in a replay', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  server.dispatch.happen(run, { case: 'childEnded', value: { runId: 'other' } });
  await using _worker = quickWorker(server, async (ctx) => text(String(ctx.isReplaying)));
  await untilEnded(run);
  expect(textOf(run.output)).toBe('false');
});

test('a cancel is not told to the mark of a patch, which nobody waits for', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  server.dispatch.cancel(run);
  await using _worker = quickWorker(server, async (ctx) => {
    const isPatched = ctx.patched('p');
    const [settled] = await Promise.allSettled([ctx.step('a', () => undefined)]);
    await ctx.step('b', () => undefined);
    return text(`${isPatched} ${settled.status}`);
  });
  await untilEnded(run);
  expect(recordsOf(run)).toEqual(['patched:p#0 valueRecorded', 'b#0 stepRecorded']);
  expect(textOf(run.output)).toBe('true rejected');
});

test('[29] a pause lets the step that runs end, begins nothing new and gives the work back; resume goes on there', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const finish = Promise.withResolvers<void>();
  const steps: string[] = [];
  await using worker = quickWorker(server, async (ctx) => {
    await ctx.step('a', async () => {
      steps.push('a');
      await finish.promise;
      return undefined;
    });
    await ctx.step('b', () => {
      steps.push('b');
      return undefined;
    });
    return undefined;
  });
  await until(() => steps.length === 1);
  server.dispatch.pause(run);
  await new Promise((resolve) => setTimeout(resolve, 10));
  finish.resolve();
  await until(() => worker.parked === 1);
  expect(steps).toEqual(['a']);
  expect(run.stepCount).toBe(1);
  server.dispatch.resume(run);
  await untilEnded(run);
  expect(steps).toEqual(['a', 'b']);
});

test('a run that is paused goes back also where its last record is of something that was given up', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const gate = Promise.withResolvers<undefined>();
  let isWaiting = false;
  await using worker = quickWorker(server, async (ctx) => {
    const branches = ctx.fork('race');
    const branch = branches.branch(0);
    const lost = branch.run.step('lost', () => gate.promise).catch((error: unknown) => error);
    isWaiting = true;
    await gate.promise;
    branches.cancel([branch]);
    expect(await lost).toBeInstanceOf(CancelledError);
    await ctx.step('next', () => undefined);
    return undefined;
  });
  await until(() => isWaiting);
  server.dispatch.pause(run);
  await new Promise((resolve) => setTimeout(resolve, 20));
  gate.resolve(undefined);
  await until(() => worker.parked === 1);
  expect(recordsOf(run)).toEqual(['lost#0 stepRecorded']);
  server.dispatch.resume(run);
  await untilEnded(run);
  expect(recordsOf(run)).toEqual(['lost#0 stepRecorded', 'next#0 stepRecorded']);
});

test('an abort drops the execution: nothing it awaits settles any more, and another one replays', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let calls = 0;
  let wasTold = false;
  await using worker = quickWorker(server, async (ctx) => {
    calls += 1;
    const call = calls;
    await ctx.step('a', () => undefined);
    if (call === 1) {
      await ctx
        .step('b', () => new Promise(() => {}))
        .finally(() => {
          wasTold = true;
        });
    }
    return ctx.step('b', () => text(`b of ${call}`));
  });
  await until(() => run.stepCount === 1);
  server.dispatch.revoke(run);
  await untilEnded(run);
  expect(textOf(run.output)).toBe('b of 2');
  expect(wasTold).toBe(false);
  await until(() => worker.taken === 0);
});
