import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { type Event, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { quickWorker, until } from '#libs/work-loop/testing/quick-worker.ts';
import { append, createTestRun, type TestRun } from '#libs/work-loop/testing/test-run.ts';
import { startTestServer } from '#libs/work-loop/testing/test-server.ts';
import { signal } from '../author/signal.ts';
import { type AnyWorkflow, workflow } from '../author/workflow.ts';
import { DivergedError } from '../millrace.ts';
import { workerFunctionOf } from '../run/worker-function.ts';
import { replay } from './replay.ts';

const approved = signal<{ by: string }>('approved');
const large = { isLarge: () => false, settle: <P>(payload: P): P => payload, load: async () => undefined };

/** Runs a workflow at the server of the tests until something is so, and answers the log. */
async function record(flow: AnyWorkflow, isSo: (run: TestRun) => boolean, steer?: (run: TestRun) => void) {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1', flow.name);
  const options = { large, writeLog: () => undefined, build: undefined };
  await using _worker = quickWorker(server, workerFunctionOf(flow, options).code);
  if (steer !== undefined) {
    await until(() => run.waits.length > 0);
    server.dispatch.signal(run, 'approved');
    steer(run);
  }
  await until(() => isSo(run));
  const log = [...run.log];
  if (run.status === 'completed') log.push(endOf(log, RunStatus.COMPLETED));
  return log;
}

function endOf(log: readonly Event[], status: RunStatus): Event {
  return create(EventSchema, { sequence: BigInt(log.length + 1), kind: { case: 'runEnded', value: { status } } });
}

const hasEnded = (run: TestRun): boolean => run.status !== 'open';

let ran = 0;
const order = workflow('flow', async (ctx) => {
  const payment = await ctx.step('charge', async () => {
    ran += 1;
    return 'p1';
  });
  await ctx.waitFor(approved);
  const picked = await ctx.all(['a', 'b', 'c'], (c, sku) => c.step('pick', async () => `${sku}:${payment}`));
  await ctx.sleep(1);
  await ctx
    .step(
      'mail',
      async () => {
        throw new RangeError('no');
      },
      { retry: { maxAttempts: 2, initialIntervalMs: 1 } },
    )
    .catch(() => undefined);
  return picked.join();
});

test('code that is as the log says is followed to its end, and no step is run', async () => {
  const log = await record(order, hasEnded, () => undefined);
  ran = 0;
  expect(await replay(log, order)).toEqual({ end: 'completed', waitsFor: [], events: log.length });
  expect(ran).toBe(0);
});

test('code is followed to where it waits, and is told of by what it waits for', async () => {
  const log = await record(order, (run) => run.waits.length === 1);
  expect(await replay(log, order)).toMatchObject({ end: 'waiting', waitsFor: ['signal approved #0'] });
  // The worker was at work when the log was read: what is not in it is not run.
  const start = log.slice(0, 2);
  expect(await replay(start, order)).toEqual({ end: 'waiting', waitsFor: ['step charge #0'], events: 2 });
});

test('another step than the log has is an error that says which, where and in which line', async () => {
  const log = await record(order, hasEnded, () => undefined);
  const changed = workflow('flow', async (ctx) => {
    await ctx.step('charge', async () => 'p1');
    await ctx.step('audit', async () => undefined);
    await ctx.waitFor(approved);
  });
  const error: unknown = await replay(log, changed, { runId: 'order-42' }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DivergedError);
  expect(error).toMatchObject({ expectedStep: 'signal approved #0', foundStep: 'step audit #0', runId: 'order-42' });
  const { message, sourceLocation, sequence } = error as DivergedError;
  expect(sourceLocation).toMatch(/libs\/sdk\/testing\/replay\.test\.ts:\d+:\d+$/);
  expect(message).toBe(
    `the log of run order-42 has signal approved #0, as event ${sequence}, but the code came to step audit #0 at ${sourceLocation}`,
  );
  expect(log[sequence - 1]?.kind.case).toBe('signalWaitStarted');
});

test('a divergence within a branch, by the same name for something else, and by a child name their lines', async () => {
  const log = await record(order, hasEnded, () => undefined);
  const other = workflow('other', async () => 1);
  const branch = (call: (c: Parameters<Parameters<typeof workflow>[1]>[0]) => Promise<unknown>) =>
    workflow('flow', async (ctx) => {
      await ctx.step('charge', async () => 'p1');
      await ctx.waitFor(approved);
      await ctx.all(['a', 'b', 'c'], (c) => call(c));
    });
  for (const [flow, found] of [
    [branch((c) => c.now()), 'value all.0.0/now #0'],
    [branch((c) => c.set('pick', 1)), 'set all.0.0/pick #0'],
    [branch((c) => c.child(other, undefined)), 'child all.0.0/other #0'],
  ] as const) {
    const error: unknown = await replay(log, flow).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ expectedStep: expect.stringContaining('step all.0.'), foundStep: found });
    expect((error as DivergedError).sourceLocation).toMatch(/replay\.test\.ts:\d+:\d+$/);
  }
});

test('code that ends before the log, goes on after it, or fails where the run completed has diverged', async () => {
  const log = await record(order, hasEnded, () => undefined);
  const short = workflow('flow', async (ctx) => ctx.step('charge', async () => 'p1'));
  await expect(replay(log, short)).rejects.toThrow(
    /^the log has signal approved #0, as event \d+, but the code came to the end of the function at .*replay\.test\.ts:\d+$/,
  );
  const long = workflow('flow', async (ctx, input) => {
    await order.code(ctx, input as undefined);
    await ctx.step('more', async () => undefined);
  });
  await expect(replay(log, long)).rejects.toMatchObject({
    expectedStep: 'the end of the run, COMPLETED',
    foundStep: 'step more #0',
  });
  const failing = workflow('flow', async (ctx, input) => {
    await order.code(ctx, input as undefined);
    throw new RangeError('after all');
  });
  await expect(replay(log, failing)).rejects.toMatchObject({ foundStep: 'the error RangeError: after all' });
  expect(await replay(log.slice(0, -1), failing)).toMatchObject({ end: 'failed' });
});

test('code that waits for what is no step has diverged where the log goes on', async () => {
  const log = await record(order, hasEnded, () => undefined);
  const stuck = workflow('flow', async (ctx) => {
    await ctx.step('charge', async () => 'p1');
    await new Promise(() => {});
  });
  await expect(replay(log, stuck, { graceMs: 5 })).rejects.toMatchObject({
    expectedStep: 'signal approved #0',
    foundStep: 'a wait for what is no step',
  });
});

test('code that was added behind a patch follows old logs, and new ones', async () => {
  const patched = workflow('flow', async (ctx) => {
    await ctx.step('charge', async () => 'p1');
    if (ctx.patched('audit')) await ctx.step('audit', async () => undefined);
    await ctx.waitFor(approved);
  });
  const old = await record(order, (run) => run.waits.length === 1);
  const young = await record(patched, (run) => run.waits.length === 1);
  for (const log of [old, young]) expect(await replay(log, patched)).toMatchObject({ end: 'waiting' });
  await expect(replay(young, order)).rejects.toBeInstanceOf(DivergedError);
});

test('what the command line prints is read whole, line by line, as values, or piece by piece as it comes', async () => {
  const step = { scope: '', name: 'charge', occurrence: 0 };
  const payload = { contentType: 'application/json', value: { id: 'p1', total: 12.5 } };
  const lines = [
    {
      sequence: 1,
      eventTime: '2026-11-27T22:19:43.744Z',
      kind: 'runStarted',
      runStarted: { workflow: 'flow', version: '1', tags: [] },
    },
    { sequence: 2, kind: 'taskScheduled', taskScheduled: {} },
    { sequence: 3, kind: 'stepRecorded', stepRecorded: { step, result: payload, attempt: 1, ordinal: 1 } },
    {
      sequence: 4,
      kind: 'timerStarted',
      timerStarted: { step: { ...step, name: 'sleep' }, dueTime: '2036-11-27T22:19:43.744Z', ordinal: 2 },
    },
  ].map((event) => ({ event }));
  const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
  const given: unknown[] = [];
  const flow = workflow('flow', async (ctx) => {
    given.push(await ctx.step('charge', async () => ({ id: '', total: 0 })));
    await ctx.sleep(1_000);
  });
  async function* pieces() {
    for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7));
  }
  for (const history of [text, lines, lines.map(({ event }) => event), pieces()]) {
    expect(await replay(history, flow)).toEqual({ end: 'waiting', waitsFor: ['timer sleep #0'], events: 4 });
  }
  expect(given).toEqual(Array.from({ length: 4 }, () => payload.value));
});

test('what is no log of the workflow is refused by the line that is wrong', async () => {
  const log = await record(order, (run) => run.waits.length === 1);
  await expect(
    replay(
      log,
      workflow('other', async () => 1),
    ),
  ).rejects.toThrow('history must be of other, and is of flow');
  await expect(replay(log.slice(1), order)).rejects.toThrow('history must begin with the start of a run');
  await expect(replay([...log.slice(0, 2), ...log.slice(3)], order)).rejects.toThrow('must have event 3 at its place');
  await expect(replay('{"event": {}', order)).rejects.toThrow('history[0] must be a line of JSON');
  await expect(replay([{ event: { sequence: 'x' } }], order)).rejects.toThrow(
    'history[0] must be an event as millrace run history --json prints it',
  );
  await expect(replay([7], order)).rejects.toThrow('history[0] must be an event');
  await expect(replay([], order)).rejects.toThrow('history must begin with the start of a run');
});

test('a payload that is not in the log is asked for, or the log refused', async () => {
  const log = await record(order, (run) => run.waits.length === 1);
  for (const { kind } of log) {
    if (kind.case !== 'stepRecorded' || kind.value.result === undefined) continue;
    const ref = {
      $typeName: 'millrace.common.v1.PayloadRef' as const,
      sha256: new Uint8Array(32),
      size: 4n,
      uploadId: '',
    };
    kind.value.result.value = { case: 'ref', value: ref };
  }
  await expect(replay(log, order)).rejects.toThrow('readPayload must be given: a payload of 4 bytes is not in the log');
  const read = { readPayload: () => Buffer.from('"p2"') };
  expect(await replay(log, order, read)).toMatchObject({ end: 'waiting' });
});

test('ten thousand steps are replayed in far less than 300 ms', async () => {
  const run = createTestRun('r1', 'flow', '1', undefined);
  const STEPS = 10_000;
  for (let ordinal = 1; ordinal <= STEPS; ordinal += 1) {
    const step = { name: `step-${ordinal}` };
    append(run, {
      case: 'stepRecorded',
      value: { step, ordinal, attempt: 1, result: { value: { case: 'data', value: Buffer.from(`{"a":${ordinal}}`) } } },
    });
  }
  const flow = workflow('flow', async (ctx) => {
    let sum = 0;
    for (let at = 1; at <= STEPS; at += 1) sum += (await ctx.step(`step-${at}`, async () => ({ a: 0 }))).a;
    return sum;
  });
  const text = run.log
    .map((event) => JSON.stringify({ event: { sequence: Number(event.sequence), ...jsonOf(event) } }))
    .join('\n');
  for (const [what, history] of [
    ['events', run.log],
    ['text', text],
  ] as const) {
    let best = Number.POSITIVE_INFINITY;
    let bestWall = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round += 1) {
      const started = performance.now();
      const cpu = process.cpuUsage();
      expect(await replay(history, flow)).toMatchObject({ end: 'completed' });
      // What the machine does beside the test says nothing about the replay.
      best = Math.min(best, process.cpuUsage(cpu).user / 1_000);
      bestWall = Math.min(bestWall, performance.now() - started);
    }
    process.stdout.write(
      `10 000 steps replayed from ${what}: ${best.toFixed(0)} ms of CPU, ${bestWall.toFixed(0)} ms of time\n`,
    );
    expect(best).toBeLessThan(300);
  }
});

function jsonOf({ kind }: Event): Record<string, unknown> {
  if (kind.case !== 'stepRecorded') return { kind: kind.case, [kind.case ?? '']: { workflow: 'flow', version: '1' } };
  const { step, ordinal } = kind.value;
  return {
    kind: kind.case,
    stepRecorded: { step: { scope: '', name: step?.name, occurrence: 0 }, ordinal, result: { value: { a: ordinal } } },
  };
}
