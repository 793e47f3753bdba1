import { describe, expect, test, vi } from 'vitest';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import type { RunFunction } from '../run/function-run.ts';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { recordsOf, type TestRun } from '../testing/test-run.ts';
import { type CutPoint, startTestServer } from '../testing/test-server.ts';
import { text, textOf } from '../testing/text.ts';

// Busy machines are slow, and these wait for many streams.
vi.setConfig({ testTimeout: 20_000 });

/** A function with a bit of everything. `ran` counts how often the code of each step was run. */
function everything(ran: Map<string, number>): RunFunction {
  const count = (name: string): undefined => {
    ran.set(name, (ran.get(name) ?? 0) + 1);
  };
  return async (ctx) => {
    await ctx.step('a', () => count('a'));
    await Promise.all([
      ctx.step('b', async () => count('b')),
      ctx.step('c', () => count('c'), { timeoutMs: 60_000 }),
      ctx.set('k', text('v')),
    ]);
    await ctx.sleep(2);
    await ctx.step(
      'd',
      (step) => {
        count(`d${step.attempt}`);
        if (step.attempt === 1) throw new RangeError('again');
        return undefined;
      },
      { retry: { initialIntervalMs: 1, jitter: 0 } },
    );
    const signal = await ctx.waitSignal('go');
    await ctx.step('e', () => count('e'));
    return signal?.payload;
  };
}

const ALL = ['a#0', 'b#0', 'c#0', 'c#0', 'd#0', 'd#0', 'e#0', 'go#0', 'k#0', 'sleep#0'];

function namesOf(run: TestRun): string[] {
  return recordsOf(run).map((record) => record.split(' ')[0] ?? '');
}

const POINTS: readonly CutPoint[] = ['before', 'between', 'after'];

describe.each(POINTS)('[91] a stream that is cut %s the handling of a message', (point) => {
  test.each(Array.from({ length: 14 }, (_, index) => index + 1))(
    'the %i. one, loses no record and makes none twice, and no step is run again',
    async (message) => {
      await using server = await startTestServer();
      server.cutAt(message, point);
      const run = server.dispatch.start('r1');
      const ran = new Map<string, number>();
      await using worker = quickWorker(server, everything(ran));
      await until(() => run.waits.some(({ kind }) => kind === 'signal'));
      server.dispatch.signal(run, 'go', text('done'), 'id');
      await untilEnded(run);
      expect(run.status).toBe('completed');
      expect(textOf(run.output)).toBe('done');
      expect(namesOf(run).sort()).toEqual(ALL);
      expect([...ran].map(([name, times]) => `${name} ${times}`).sort()).toEqual([
        'a 1',
        'b 1',
        'c 1',
        'd1 1',
        'd2 1',
        'e 1',
      ]);
      await until(() => worker.taken === 0);
      if (server.isCut) await until(() => server.streams > 1);
    },
  );
});

test('a worker that comes back says what it holds, under odd handles and with its session', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const finish = Promise.withResolvers<undefined>();
  await using worker = quickWorker(server, async (ctx) => {
    await ctx.step('a', () => undefined);
    return ctx.step('b', () => finish.promise);
  });
  await until(() => run.stepCount === 1);
  server.cut();
  await until(() => server.streams === 2 && server.openStreams === 1);
  await until(() => server.dispatch.requests.filter(({ hello }) => hello !== undefined).length === 2);
  const [first, second] = server.dispatch.requests.flatMap(({ hello }) => hello ?? []);
  expect(second).toMatchObject({ sessionId: first?.sessionId, workerId: worker.workerId, slots: 10, protocol: 1 });
  expect(second?.held).toMatchObject([{ handle: 1, ordinal: 1, lease: { runId: 'r1', incarnation: run.incarnation } }]);
  finish.resolve(undefined);
  await untilEnded(run);
  expect(run.status).toBe('completed');
});

test('what was given to somebody else meanwhile is dropped, and its slot is free', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let calls = 0;
  const signals: AbortSignal[] = [];
  await using worker = quickWorker(
    server,
    async (ctx) => {
      calls += 1;
      return ctx.step('a', (step) => {
        signals.push(step.signal);
        return calls === 1 ? new Promise(() => {}) : text('second');
      });
    },
    { slots: 1 },
  );
  await until(() => calls === 1);
  run.fence += 1_000n;
  server.cut();
  await until(() => signals[0]?.aborted === true);
  await until(() => worker.taken === 0);
  server.dispatch.offer(run);
  await untilEnded(run);
  expect(textOf(run.output)).toBe('second');
});

test.each([1, 2, 3, 4, 5, 6].flatMap((message) => POINTS.map((point) => ({ message, point }))))(
  'what a signal carries that came before the assignment is read over another stream too (cut $point message $message)',
  async ({ message, point }) => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    server.dispatch.signal(run, 'go', text('early'), 'id');
    server.cutAt(message, point);
    server.dispatch.maxChunk = 2;
    await using _worker = quickWorker(server, async (ctx) => {
      await ctx.step('a', () => undefined);
      return (await ctx.waitSignal('go'))?.payload;
    });
    await untilEnded(run);
    expect(textOf(run.output)).toBe('early');
  },
);

test('after the server says to go away, another stream is opened first, and nothing is lost', async () => {
  await using server = await startTestServer();
  const runs = Array.from({ length: 20 }, (_, index) => server.dispatch.start(`r${index}`));
  const ran = new Map<string, number>();
  await using _worker = quickWorker(
    server,
    async (ctx) => {
      for (let turn = 0; turn < 20; turn += 1) {
        await ctx.step(`s${turn}`, async () => {
          const key = `${ctx.facts.runId} ${turn}`;
          ran.set(key, (ran.get(key) ?? 0) + 1);
          if (turn % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
          return undefined;
        });
      }
      return undefined;
    },
    { slots: 5 },
  );
  const shoves = setInterval(() => server.dispatch.sendAway(), 15);
  await untilEnded(...runs);
  clearInterval(shoves);
  expect(runs.map(({ status, stepCount }) => [status, stepCount])).toEqual(runs.map(() => ['completed', 20]));
  expect([...ran.values()].every((count) => count === 1)).toBe(true);
  expect(ran.size).toBe(400);
  expect(server.streams).toBeGreaterThan(2);
  expect(server.mostOpenStreams).toBeGreaterThan(1);
  await until(() => server.openStreams <= 2);
});

test('what is refused for now is sent again, with all that follows it', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let refusals = 0;
  server.dispatch.refuse = (_run, ordinal) => {
    if (ordinal !== 2 || refusals >= 3) return undefined;
    refusals += 1;
    return refusals === 2 ? ErrorReason.OVERLOADED : ErrorReason.UNAVAILABLE;
  };
  await using _worker = quickWorker(server, async (ctx) => {
    await ctx.step('a', () => undefined);
    await Promise.all(['b', 'c', 'd'].map((name) => ctx.step(name, () => undefined)));
    return text('done');
  });
  await untilEnded(run);
  expect(refusals).toBe(3);
  expect(namesOf(run)).toEqual(['a#0', 'b#0', 'c#0', 'd#0']);
});

test.each([ErrorReason.LEASE_LOST, ErrorReason.RUN_TERMINAL, ErrorReason.QUARANTINED])(
  'a record that is refused with reason %i drops the run and frees the slot',
  async (reason) => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    server.dispatch.refuse = () => reason;
    let signal: AbortSignal | undefined;
    await using worker = quickWorker(server, async (ctx) => {
      signal = ctx.signal;
      return ctx.step('a', () => undefined);
    });
    await until(() => signal?.aborted === true);
    await until(() => worker.taken === 0);
    expect(run.status).toBe('open');
    server.dispatch.refuse = () => undefined;
  },
);

test('a record that is refused for good fails the run with the reason', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  server.dispatch.refuse = (_run, ordinal) => (ordinal === 2 ? ErrorReason.PAYLOAD_TOO_LARGE : undefined);
  await using _worker = quickWorker(server, async (ctx) => {
    await ctx.step('a', () => undefined);
    await Promise.all([ctx.step('b', () => undefined), ctx.step('c', () => undefined)]);
    return undefined;
  });
  await untilEnded(run);
  expect(run.status).toBe('failed');
  expect(run.failure).toMatchObject({ type: 'PAYLOAD_TOO_LARGE', nonRetryable: true });
  expect(run.stepCount).toBe(1);
});

test('a result that is too large fails its step with the size and the limit', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => ctx.step('a', () => text('x'.repeat(1_048_577))));
  await untilEnded(run);
  expect(run.failure).toMatchObject({
    type: 'PAYLOAD_TOO_LARGE',
    message: 'a payload of 1048577 bytes is above 1048576',
    attempts: 1,
  });
});

test('every slot is used again: after each run one credit goes out, many in one message', async () => {
  await using server = await startTestServer();
  const runs = Array.from({ length: 60 }, (_, index) => server.dispatch.start(`r${index}`));
  let running = 0;
  let most = 0;
  await using worker = quickWorker(
    server,
    async (ctx) =>
      ctx.step('a', async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running -= 1;
        return undefined;
      }),
    { slots: 7 },
  );
  await untilEnded(...runs);
  expect(most).toBe(7);
  await until(() => worker.taken === 0);
  await until(() => server.dispatch.creditsOf(worker.sessionId) === 7);
  expect(server.dispatch.requests.flatMap(({ credits }) => credits?.add ?? []).reduce((sum, add) => sum + add, 0)).toBe(
    60,
  );
});

test('credits stay right over streams that break', async () => {
  await using server = await startTestServer();
  const runs = Array.from({ length: 100 }, (_, index) => server.dispatch.start(`r${index}`));
  await using worker = quickWorker(
    server,
    async (ctx) => ctx.step('a', () => new Promise((resolve) => setTimeout(resolve, 2, undefined))),
    {
      slots: 8,
    },
  );
  const cuts = setInterval(() => server.cut(), 11);
  await untilEnded(...runs);
  clearInterval(cuts);
  await until(() => worker.taken === 0);
  await until(() => server.dispatch.creditsOf(worker.sessionId) === 8);
  expect(worker.taken).toBe(0);
});

test('a worker that drains ends the step under way, gives the rest back and takes nothing more', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const finish = Promise.withResolvers<undefined>();
  const steps: string[] = [];
  const code: RunFunction = async (ctx) => {
    await ctx.step('a', () => (steps.push('a'), finish.promise));
    await ctx.step('b', () => (steps.push('b'), undefined));
    return undefined;
  };
  const first = quickWorker(server, code);
  await until(() => steps.length === 1);
  const drained = first.drain(2_000);
  const later = server.dispatch.start('r2');
  finish.resolve(undefined);
  await drained;
  expect(first.taken).toBe(0);
  expect(run).toMatchObject({ stepCount: 1, holder: undefined, status: 'open' });
  expect(later.stepCount).toBe(0);
  first.close();
  await using _second = quickWorker(server, code);
  await untilEnded(run, later);
  expect(steps.toSorted()).toEqual(['a', 'a', 'b', 'b']);
});

test('when the grace of a drain is over, what still runs is given back as it is', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let signal: AbortSignal | undefined;
  const worker = quickWorker(server, async (ctx) =>
    ctx.step('a', (step) => {
      signal = step.signal;
      return new Promise(() => {});
    }),
  );
  await until(() => signal !== undefined);
  await worker.drain(20);
  expect(signal?.aborted).toBe(true);
  expect(run).toMatchObject({ holder: undefined, status: 'open' });
  worker.close();
});

test('an operator drains a worker over its stream, and takes that back', async () => {
  await using server = await startTestServer();
  const notices: boolean[] = [];
  await using worker = quickWorker(server, async () => undefined, {
    onDrain: (isDraining) => notices.push(isDraining),
  });
  await worker.ready;
  server.dispatch.drain();
  await until(() => notices.length === 1);
  const run = server.dispatch.start('r1');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(run.status).toBe('open');
  server.dispatch.drain(true);
  await untilEnded(run);
  expect(notices).toEqual([true, false]);
});
