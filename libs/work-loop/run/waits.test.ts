import { expect, test } from 'vitest';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { recordsOf } from '../testing/test-run.ts';
import { startTestServer } from '../testing/test-server.ts';
import { text, textOf } from '../testing/text.ts';
import type { RunFunction } from './function-run.ts';

const NO_JITTER = { jitter: 0 };

test('a short sleep keeps the slot', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => {
    await ctx.sleep(5);
    await ctx.sleepUntil(Date.now() + 5, 'nap');
    await ctx.sleepUntil(0, 'past');
    return undefined;
  });
  await untilEnded(run);
  expect(recordsOf(run)).toEqual(['sleep#0 timerStarted', 'nap#0 timerStarted', 'past#0 timerStarted']);
  expect(server.dispatch.requests.flatMap(({ yieldSlot }) => yieldSlot)).toEqual([]);
});

test('a long sleep gives the slot back at once, and goes on without a replay', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let calls = 0;
  await using worker = quickWorker(server, async (ctx) => {
    calls += 1;
    await ctx.step('a', () => undefined);
    await ctx.sleep(100);
    return ctx.step('b', () => text('b'));
  });
  await until(() => worker.parked === 1);
  expect(worker.taken).toBe(0);
  expect(run.holder).toBeUndefined();
  await untilEnded(run);
  expect(textOf(run.output)).toBe('b');
  expect(calls).toBe(1);
  expect(worker.parked).toBe(0);
});

test('a parked run that is kept no longer is replayed', async () => {
  await using server = await startTestServer();
  const runs = [server.dispatch.start('r1'), server.dispatch.start('r2')];
  let calls = 0;
  let steps = 0;
  const code: RunFunction = async (ctx) => {
    calls += 1;
    await ctx.step('a', () => {
      steps += 1;
      return undefined;
    });
    await ctx.sleep(100);
    return undefined;
  };
  await using worker = quickWorker(server, code, { limits: { maxParked: 1 } });
  await until(() => runs.every(({ holder }) => holder === undefined) && worker.parked === 1);
  await untilEnded(...runs);
  expect(calls).toBe(3);
  expect(steps).toBe(2);
});

test('a retry that is far away gives the slot back', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let attempts = 0;
  await using worker = quickWorker(server, async (ctx) =>
    ctx.step(
      'a',
      () => {
        attempts += 1;
        if (attempts === 1) throw new RangeError('not yet');
        return text('done');
      },
      { retry: { initialIntervalMs: 80, ...NO_JITTER } },
    ),
  );
  await until(() => worker.parked === 1);
  await untilEnded(run);
  expect(textOf(run.output)).toBe('done');
  expect(attempts).toBe(2);
});

test('[34] a signal that came before the wait is there at once, with what it carries', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  server.dispatch.signal(run, 'go', text('early'));
  await using _worker = quickWorker(server, async (ctx) => (await ctx.waitSignal('go'))?.payload);
  await untilEnded(run);
  expect(textOf(run.output)).toBe('early');
});

test('a signal wakes a function that waits, with or without a slot, and whether or not it has an id', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using worker = quickWorker(server, async (ctx) => {
    const heard: (string | undefined)[] = [];
    for (let turn = 0; turn < 4; turn += 1) heard.push(textOf((await ctx.waitSignal('go'))?.payload));
    return text(heard.join());
  });
  await until(() => run.waits.length === 1);
  server.dispatch.signal(run, 'go', text('a'));
  await until(() => run.stepCount === 2);
  server.dispatch.signal(run, 'go', text('b'), 'id-b');
  await until(() => run.stepCount === 3 && worker.parked === 1);
  server.dispatch.signal(run, 'go', text('c'));
  await until(() => run.stepCount === 4 && worker.parked === 1);
  server.dispatch.signal(run, 'go', text('d'), 'id-d');
  await untilEnded(run);
  expect(textOf(run.output)).toBe('a,b,c,d');
});

test('a signal that does not come in time is undefined', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => {
    const signal = await ctx.waitSignal('go', { timeoutMs: 10 });
    return text(typeof signal);
  });
  await untilEnded(run);
  expect(textOf(run.output)).toBe('undefined');
});

test('a child is started and its output awaited', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => ctx.child('pick', text('sku'), { runId: 'c1' }));
  await until(() => run.stepCount === 1);
  const scheduledSequence = BigInt(run.log.length);
  const child = { scheduledSequence, runId: 'c1', incarnation: 'i1' };
  server.dispatch.happen(run, { case: 'childStarted', value: child });
  server.dispatch.happen(run, {
    case: 'childEnded',
    value: { ...child, status: RunStatus.COMPLETED, output: text('picked') },
  });
  await untilEnded(run);
  expect(textOf(run.output)).toBe('picked');
});

test('a child that fails, or cannot be started, throws into its parent', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => {
    const [a, b] = await Promise.allSettled([ctx.child('a', undefined), ctx.child('b', undefined)]);
    return text(`${String(a.status === 'rejected' && a.reason)} ${String(b.status === 'rejected' && b.reason)}`);
  });
  await until(() => run.stepCount === 2);
  const failure = { type: 'Oops', message: 'broken' };
  const [first, second] = [BigInt(run.log.length - 1), BigInt(run.log.length)];
  server.dispatch.happen(run, {
    case: 'childEnded',
    value: { scheduledSequence: second, runId: 'b', status: RunStatus.FAILED, failure },
  });
  server.dispatch.happen(run, {
    case: 'childRejected',
    value: { scheduledSequence: first, runId: 'a', rejection: { message: 'unknown' } },
  });
  await untilEnded(run);
  expect(textOf(run.output)).toBe('ChildError: unknown ChildError: broken');
});

test('a detached child is told by its start, and may be waited for later, also after its end', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => {
    const { runId } = await ctx.startChild('pick', undefined, { runId: 'c1' });
    await ctx.waitSignal('go');
    return ctx.waitChild(runId);
  });
  await until(() => run.stepCount === 1);
  const child = { scheduledSequence: BigInt(run.log.length), runId: 'c1', incarnation: 'i1' };
  server.dispatch.happen(run, { case: 'childStarted', value: child });
  await until(() => run.stepCount === 2);
  server.dispatch.happen(run, {
    case: 'childEnded',
    value: { ...child, status: RunStatus.COMPLETED, output: text('late') },
  });
  server.dispatch.signal(run, 'go');
  await untilEnded(run);
  expect(textOf(run.output)).toBe('late');
});

test('what comes while a slot is given back leads to another assignment, and the function goes on without a replay', async () => {
  await using server = await startTestServer();
  const { dispatch } = server;
  const run = dispatch.start('r1');
  let calls = 0;
  const handle = dispatch.handle.bind(dispatch);
  dispatch.handle = (stream, request) => {
    if (request.yieldSlot.length > 0 && run.waits.length > 0) dispatch.signal(run, 'go', text('crossed'));
    handle(stream, request);
  };
  await using _worker = quickWorker(server, async (ctx) => {
    calls += 1;
    return (await ctx.waitSignal('go'))?.payload;
  });
  await untilEnded(run);
  expect(textOf(run.output)).toBe('crossed');
  expect(calls).toBe(1);
  expect(run.log.filter(({ kind }) => kind.case === 'taskLeased')).toHaveLength(2);
});
