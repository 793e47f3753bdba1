import { expect, test } from 'vitest';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { recordsOf, type TestRun } from '../testing/test-run.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';
import { text, textOf } from '../testing/text.ts';
import type { Divergence } from './divergence.ts';
import type { RunFunction, StepContext } from './function-run.ts';

test('a function that is assigned with history does not run again what it has, and goes on', async () => {
  await using server = await startTestServer();
  server.dispatch.maxHistory = 4;
  server.dispatch.maxChunk = 2;
  const run = server.dispatch.start('r1');
  const steps: string[] = [];
  const code: RunFunction = async (ctx) => {
    const given: (string | undefined)[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      const name = `s${turn}`;
      given.push(textOf(await ctx.step(name, () => (steps.push(name), text(name)))));
      if (turn === 6 && !ctx.isReplaying) await ctx.step('stop', () => new Promise(() => {}));
    }
    return text(given.join());
  };
  {
    const first = quickWorker(server, code);
    await until(() => run.stepCount === 7);
    first.close();
  }
  await until(() => server.openStreams === 0);
  server.dispatch.maxHistory = 4;
  await using _second = quickWorker(server, async (ctx) => {
    const given: (string | undefined)[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      const name = `s${turn}`;
      given.push(textOf(await ctx.step(name, () => (steps.push(name), text(name)))));
    }
    return text(given.join());
  });
  // A session that is gone holds its runs until its lease is over.
  server.dispatch.forgetSessions();
  await untilEnded(run);
  expect(textOf(run.output)).toBe('s0,s1,s2,s3,s4,s5,s6,s7,s8,s9');
  expect(steps).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9']);
});

/** Runs a function until it has made so many records, then takes it from its worker, which is gone. */
async function runUntil(server: TestServer, run: TestRun, records: number, code: RunFunction): Promise<void> {
  const worker = quickWorker(server, code);
  await until(() => run.stepCount === records);
  worker.close();
  await until(() => server.openStreams === 0);
  server.dispatch.forgetSessions();
}

const never = (): Promise<never> => new Promise(() => {});

test('results are given in the order of the log, one in a turn, whether they come live or all at once', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const orders: string[][] = [];
  const program =
    (delays: Record<string, number>, isLast: boolean): RunFunction =>
    async (ctx) => {
      const order: string[] = [];
      orders.push(order);
      const branch = async (name: string): Promise<void> => {
        await ctx.step(name, () => new Promise((resolve) => setTimeout(resolve, delays[name] ?? 0, undefined)));
        order.push(name);
        await ctx.step('next', () => undefined);
        order.push(`next after ${name}`);
      };
      await Promise.all([branch('a'), branch('b'), branch('c')]);
      if (!isLast) await ctx.step('stop', never);
      return undefined;
    };
  const first = quickWorker(server, program({ a: 30, b: 5, c: 15 }, false));
  await until(() => orders[0]?.length === 6);
  first.close();
  await until(() => server.openStreams === 0);
  server.dispatch.forgetSessions();
  const log = recordsOf(run);
  await using _second = quickWorker(server, program({}, true));
  await untilEnded(run);
  expect(orders[1]).toEqual(orders[0]);
  expect(recordsOf(run)).toEqual(log);
  expect(log.slice(0, 1)).toEqual(['b#0 stepRecorded']);
});

test('a signal and a step that end together are given in the order of the log', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const finish = Promise.withResolvers<undefined>();
  const program =
    (orders: string[], end: () => Promise<undefined>): RunFunction =>
    async (ctx) => {
      await Promise.all([
        ctx.waitSignal('go').then(() => orders.push('signal')),
        ctx.step('a', () => finish.promise).then(() => orders.push('step')),
      ]);
      await ctx.step('stop', end);
      return undefined;
    };
  const [live, replayed]: string[][] = [[], []];
  if (live === undefined || replayed === undefined) throw new RangeError('no lists');
  const worker = quickWorker(server, program(live, never));
  await until(() => run.waits.length === 1);
  server.dispatch.signal(run, 'go');
  finish.resolve(undefined);
  await until(() => run.stepCount === 2);
  await until(() => live.length === 2);
  worker.close();
  await until(() => server.openStreams === 0);
  server.dispatch.forgetSessions();
  await using _second = quickWorker(
    server,
    program(replayed, () => Promise.resolve(undefined)),
  );
  await untilEnded(run);
  expect(replayed).toEqual(live);
  expect(live).toEqual(['signal', 'step']);
});

test('an attempt whose worker was lost counts where the server watched it, and not otherwise', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const attempts: string[] = [];
  const program =
    (isFirst: boolean): RunFunction =>
    async (ctx) => {
      const code = (step: StepContext): Promise<undefined> => {
        attempts.push(`attempt ${step.attempt}`);
        return isFirst ? never() : Promise.resolve(undefined);
      };
      const retry = { initialIntervalMs: 1, jitter: 0 };
      await Promise.all([ctx.step('watched', code, { timeoutMs: 60_000, retry }), ctx.step('plain', code, { retry })]);
      return undefined;
    };
  const first = quickWorker(server, program(true));
  await until(() => attempts.length === 2);
  first.close();
  await until(() => server.openStreams === 0);
  server.dispatch.forgetSessions();
  expect(attempts).toEqual(['attempt 1', 'attempt 1']);
  attempts.length = 0;
  await using _second = quickWorker(server, program(false));
  await untilEnded(run);
  expect(attempts.sort()).toEqual(['attempt 1', 'attempt 2']);
  expect(run.status).toBe('completed');
});

test('[43] a worker that is lost while a retry waits keeps the count of attempts and the time', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const attempts: number[] = [];
  const program: RunFunction = async (ctx) => {
    const retry = { initialIntervalMs: 200, maxAttempts: 2, jitter: 0 };
    await ctx.step(
      'a',
      (step) => {
        attempts.push(step.attempt);
        throw new RangeError('no');
      },
      { retry },
    );
    return undefined;
  };
  const started = performance.now();
  await runUntil(server, run, 1, program);
  await using _second = quickWorker(server, program);
  await untilEnded(run);
  expect(performance.now() - started).toBeGreaterThan(190);
  expect(attempts).toEqual([1, 2]);
  expect(run.failure).toMatchObject({ type: 'RangeError', attempts: 2 });
});

test('a cancel is at the same place in a replay', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const seen: string[] = [];
  const program =
    (end: () => Promise<undefined>): RunFunction =>
    async (ctx) => {
      await ctx.step('a', () => undefined);
      await ctx.step('b', never).catch((error: Error) => seen.push(error.name));
      await ctx.step('clean', () => undefined);
      await ctx.step('stop', end);
      return undefined;
    };
  const worker = quickWorker(server, program(never));
  await until(() => run.stepCount === 1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  server.dispatch.cancel(run);
  await until(() => run.stepCount === 2);
  worker.close();
  await until(() => server.openStreams === 0);
  server.dispatch.forgetSessions();
  await using _second = quickWorker(
    server,
    program(() => Promise.resolve(undefined)),
  );
  await untilEnded(run);
  expect(run.status).toBe('cancelled');
  expect(seen).toEqual(['CancelledError', 'CancelledError']);
  expect(recordsOf(run)).toEqual(['a#0 stepRecorded', 'clean#0 stepRecorded', 'stop#0 stepRecorded']);
});

test.each<[string, RunFunction, string, string]>([
  ['another step', async (ctx) => ctx.step('other', () => undefined), 'step a #0', 'step other #0'],
  ['something else of that name', async (ctx) => ctx.value('a', () => undefined), 'step a #0', 'value a #0'],
  ['the end', async () => undefined, 'step a #0', 'the end of the function'],
])('code that comes to %s than the log has diverges, and runs nothing', async (_, code, expectedStep, foundStep) => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await runUntil(server, run, 1, async (ctx) => {
    await ctx.step('a', () => undefined);
    return ctx.step('stop', never);
  });
  const heard: Divergence[] = [];
  await using _second = quickWorker(server, code, {
    functions: [{ workflow: 'flow', version: '1', code, build: 'b2' }],
    onDiverged: (divergence) => heard.push(divergence),
  });
  await untilEnded(run);
  expect(run.status).toBe('diverged');
  expect(run.log.at(-1)?.kind.value).toMatchObject({ divergence: { expectedStep, foundStep, build: 'b2' } });
  expect(run.failure?.type).toBe('DIVERGED');
  expect(heard).toEqual([
    {
      runId: 'r1',
      incarnation: run.incarnation,
      workflow: 'flow',
      version: '1',
      expectedStep,
      foundStep,
      sourceLocation: '',
      build: 'b2',
    },
  ]);
});

test('code that waits for something else between steps for long has not diverged', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const program =
    (end: () => Promise<undefined>): RunFunction =>
    async (ctx) => {
      const slow = (async () => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        await ctx.step('after', () => undefined);
      })();
      // It ends after the other one, so that the log has them in this order on every machine.
      await Promise.all([slow, ctx.step('b', () => slow.then(() => undefined))]);
      await ctx.step('stop', end);
      return undefined;
    };
  await runUntil(server, run, 2, program(never));
  await using _second = quickWorker(
    server,
    program(() => Promise.resolve(undefined)),
  );
  await untilEnded(run);
  expect(run.status).toBe('completed');
});

test('a function that awaits too much at once is told the limit', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(
    server,
    async (ctx) => {
      await Promise.all(Array.from({ length: 6 }, () => ctx.step('a', () => undefined)));
      return undefined;
    },
    { limits: { maxOpenCalls: 5 } },
  );
  await untilEnded(run);
  expect(run.failure).toMatchObject({ type: 'QUOTA_EXCEEDED', message: 'a function awaits at most 5 things at once' });
});

test('code that was added later runs for runs that come to it, and not in the replay of those that passed it', async () => {
  await using server = await startTestServer();
  const seen: string[] = [];
  const code =
    (isNew: boolean): RunFunction =>
    async (ctx) => {
      await ctx.step('a', () => undefined);
      const isPatched = isNew && ctx.patched('more');
      seen.push(`${ctx.facts.runId} ${isPatched} ${isNew && ctx.patched('more')}`);
      if (isPatched) await ctx.step('more', () => undefined);
      await ctx.waitSignal('go');
      await ctx.step('b', () => undefined);
      return undefined;
    };
  const [old, young] = [server.dispatch.start('old'), server.dispatch.start('young')];
  // It waits before the code that will be added.
  young.isPaused = true;
  {
    await using _worker = quickWorker(server, code(false));
    await until(() => old.waits.length === 1);
  }
  server.dispatch.resume(young);
  {
    await using _worker = quickWorker(server, code(true));
    await until(() => young.waits.length === 1);
    server.dispatch.signal(old, 'go');
    await untilEnded(old);
  }
  // In a replay of what was patched it is patched again.
  server.dispatch.signal(young, 'go');
  await using _worker = quickWorker(server, code(true));
  await untilEnded(young);
  expect(seen.filter((line) => line.startsWith('old'))).toEqual(['old false false', 'old false false']);
  expect(seen.filter((line) => line.startsWith('young'))).toEqual(['young true true', 'young true true']);
  expect(recordsOf(old)).toEqual(['a#0 stepRecorded', 'go#0 signalWaitStarted', 'b#0 stepRecorded']);
  expect(recordsOf(young)).toEqual([
    'a#0 stepRecorded',
    'patched:more#0 valueRecorded',
    'more#0 stepRecorded',
    'go#0 signalWaitStarted',
    'b#0 stepRecorded',
  ]);
});
