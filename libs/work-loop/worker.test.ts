import { expect, test } from 'vitest';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import { NonRetryableError, StepError } from './run/errors.ts';
import { quickWorker, until, untilEnded } from './testing/quick-worker.ts';
import { recordsOf } from './testing/test-run.ts';
import { startTestServer } from './testing/test-server.ts';
import { text, textOf } from './testing/text.ts';
import { createWorker } from './worker.ts';

const NO_JITTER = { jitter: 0 };

test('a function runs step by step and its output completes the run', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1', 'flow', text('in'));
  await using _worker = quickWorker(server, async (ctx) => {
    const a = await ctx.step('a', () => text(`${textOf(ctx.input)}-a`));
    const b = await ctx.step('b', async () => text(`${textOf(a)}-b`));
    return b;
  });
  await untilEnded(run);
  expect(run.status).toBe('completed');
  expect(textOf(run.output)).toBe('in-a-b');
  expect(recordsOf(run)).toEqual(['a#0 stepRecorded', 'b#0 stepRecorded']);
});

test('steps of one name are told apart by their occurrence', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => {
    for (let turn = 0; turn < 3; turn += 1) await ctx.step('a', () => undefined);
    return undefined;
  });
  await untilEnded(run);
  expect(recordsOf(run)).toEqual(['a#0 stepRecorded', 'a#1 stepRecorded', 'a#2 stepRecorded']);
});

test('the records of many runs in one turn leave in one message', async () => {
  await using server = await startTestServer();
  const runs = Array.from({ length: 50 }, (_, index) => server.dispatch.start(`r${index}`));
  await using _worker = quickWorker(server, async (ctx) => ctx.step('a', () => text('x')), { slots: 100 });
  await untilEnded(...runs);
  const messages = server.dispatch.requests.filter(({ steps }) => steps.length > 0);
  expect(messages.map(({ steps }) => steps.length)).toEqual([50]);
});

test('values, keys and attributes are recorded, and null is undefined', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let seen: unknown;
  await using _worker = quickWorker(server, async (ctx) => {
    const now = await ctx.value('now', () => text('12:00'));
    await ctx.set('progress', text('half'));
    await ctx.setAttributes({
      size: { $typeName: 'millrace.state.v1.AttributeValue', kind: { case: 'integerValue', value: 7n } },
    });
    seen = await ctx.step('nothing', () => undefined);
    return now;
  });
  await untilEnded(run);
  expect(textOf(run.output)).toBe('12:00');
  expect(seen).toBeUndefined();
  expect(recordsOf(run)).toEqual([
    'now#0 valueRecorded',
    'progress#0 stateSet',
    'attributes#0 attributesSet',
    'nothing#0 stepRecorded',
  ]);
});

test('what a function throws fails the run with the class of the error, its message and its causes', async () => {
  class PaymentError extends Error {}
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async () => {
    throw new PaymentError('declined', { cause: new TypeError('no card') });
  });
  await untilEnded(run);
  expect(run.status).toBe('failed');
  expect(run.failure).toMatchObject({
    type: 'PaymentError',
    message: 'declined',
    causes: [{ type: 'TypeError', message: 'no card' }],
  });
});

test('[43] a step that always fails is run as often as its policy says, and then fails the run', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const times: number[] = [];
  const retry = { maxAttempts: 3, initialIntervalMs: 10, ...NO_JITTER };
  await using _worker = quickWorker(server, async (ctx) =>
    ctx.step(
      'a',
      (step) => {
        times.push(performance.now());
        throw new RangeError(`attempt ${step.attempt}`);
      },
      { retry },
    ),
  );
  await untilEnded(run);
  expect(times).toHaveLength(3);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(9);
  expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(19);
  expect(run.failure).toMatchObject({ type: 'RangeError', message: 'attempt 3', nodePath: 'a', attempts: 3 });
});

test('[44] an error that no retry helps is final, and the function may handle it', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => {
    try {
      await ctx.step('charge', () => {
        throw new NonRetryableError('declined');
      });
    } catch (error) {
      expect(error).toBeInstanceOf(StepError);
      expect(error).toMatchObject({ type: 'NonRetryableError', step: 'charge', attempts: 1 });
    }
    return ctx.step('refund', () => text('refunded'));
  });
  await untilEnded(run);
  expect(textOf(run.output)).toBe('refunded');
});

test('the idempotency key is the same in all attempts of a step and in no other step', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const keys: string[] = [];
  await using _worker = quickWorker(server, async (ctx) => {
    const code = (step: { idempotencyKey: string; attempt: number }): undefined => {
      keys.push(step.idempotencyKey);
      if (step.attempt === 1) throw new RangeError('again');
    };
    const retry = { initialIntervalMs: 1, ...NO_JITTER };
    await ctx.step('a', code, { retry });
    await ctx.step('a', code, { retry });
    return undefined;
  });
  await untilEnded(run);
  expect(keys).toHaveLength(4);
  expect(keys[0]).toBe(keys[1]);
  expect(keys[2]).toBe(keys[3]);
  expect(keys[0]).not.toBe(keys[2]);
});

test('a watched step records its begin first, and an attempt that times out is tried again', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const reasons: unknown[] = [];
  await using _worker = quickWorker(server, async (ctx) =>
    ctx.step(
      'slow',
      (step) => {
        if (step.attempt === 2) return text('done');
        return new Promise((_, reject) => {
          step.signal.addEventListener('abort', () => {
            reasons.push(step.signal.reason);
            reject(step.signal.reason as Error);
          });
        });
      },
      { timeoutMs: 60_000, retry: { initialIntervalMs: 1, ...NO_JITTER } },
    ),
  );
  await until(() => run.stepCount === 1);
  const step = { $typeName: 'millrace.state.v1.StepId', scope: '', name: 'slow', occurrence: 0 } as const;
  server.dispatch.timeOutStep(run, step, 1);
  await untilEnded(run);
  expect(textOf(run.output)).toBe('done');
  expect(reasons).toHaveLength(1);
  expect(recordsOf(run)).toEqual(['slow#0 stepBegun', 'slow#0 stepFailed', 'slow#0 stepBegun', 'slow#0 stepRecorded']);
});

test('a step says that it is alive, and how far it is', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) =>
    ctx.step('long', async (step) => {
      step.heartbeat(text('half'));
      step.heartbeat(text('too soon'));
      return undefined;
    }),
  );
  await untilEnded(run);
  const beats = server.dispatch.requests.flatMap(({ extend }) => extend);
  expect(beats).toHaveLength(1);
  expect(textOf(beats[0]?.details)).toBe('half');
  expect(beats[0]?.step?.name).toBe('long');
});

test('a worker that is refused for good says so, and one that has options out of range is not made', async () => {
  await using server = await startTestServer();
  const { DomainError } = await import('#libs/errors/domain-error.ts');
  server.refuseHello = new DomainError('DEFINITION_EXISTS', 'other content');
  await using worker = quickWorker(server, async () => undefined);
  await expect(worker.ready).rejects.toMatchObject({ reason: 'DEFINITION_EXISTS' });
  expect(() => quickWorker(server, async () => undefined, { slots: 0, limits: { yieldMs: -1 } })).toThrow(
    'slots: must be 1 to 10000, limits.yieldMs: must be above 0',
  );
  expect(() => createWorker({ channel: server.channel, functions: [], queues: [''] })).toThrow('queues');
});

test('no step is begun while too many bytes are not acknowledged', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const ran: string[] = [];
  let isRefusing = true;
  server.dispatch.refuse = () => (isRefusing ? ErrorReason.OVERLOADED : undefined);
  await using _worker = quickWorker(
    server,
    async (ctx) => {
      await Promise.all(['a', 'b'].map((name) => ctx.step(name, () => (ran.push(name), text(name)))));
      return undefined;
    },
    { limits: { maxUnacknowledgedBytes: 1 } },
  );
  await until(() => ran.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(ran).toEqual(['a']);
  isRefusing = false;
  await untilEnded(run);
  expect(ran).toEqual(['a', 'b']);
});

test('a worker may run more and less from now on', async () => {
  await using server = await startTestServer();
  await using worker = quickWorker(server, async () => text('flow'));
  await worker.ready;
  worker.announce([{ workflow: 'other', version: '1', code: async () => text('other') }]);
  const other = server.dispatch.start('r1', 'other');
  await untilEnded(other);
  expect(textOf(other.output)).toBe('other');
  worker.retract([{ workflow: 'other', version: '1' }]);
  await until(() => server.dispatch.requests.some(({ retract }) => retract.length === 1));
  server.cut();
  await until(() => server.dispatch.requests.filter(({ hello }) => hello !== undefined).length === 2);
  expect(server.dispatch.requests.findLast(({ hello }) => hello !== undefined)?.hello?.definitions).toMatchObject([
    { workflow: 'flow' },
  ]);
});

test('what a worker cannot run is given back unstarted', async () => {
  await using server = await startTestServer();
  await using worker = quickWorker(server, async () => undefined);
  await worker.ready;
  worker.announce([{ workflow: 'gone', version: '1', code: async () => undefined }]);
  await until(() => server.dispatch.requests.some(({ announce }) => announce.length === 1));
  worker.retract([{ workflow: 'gone', version: '1' }]);
  server.dispatch.start('r1', 'gone');
  await until(() => server.dispatch.requests.some(({ release }) => release.length > 0));
  const [release] = server.dispatch.requests.flatMap(({ release: released }) => released);
  expect(release).toMatchObject({ unstarted: true, reason: 'the worker cannot run this' });
});

test('heartbeats keep the session as often as the server wants, and say how many slots are free', async () => {
  await using server = await startTestServer();
  server.dispatch.heartbeatMs = 50;
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => (await ctx.waitSignal('go'))?.payload, {
    limits: { yieldMs: 60_000 },
  });
  await until(() => server.dispatch.requests.filter(({ heartbeat }) => heartbeat !== undefined).length >= 3);
  const beat = server.dispatch.requests.find(({ heartbeat }) => heartbeat !== undefined)?.heartbeat;
  expect(beat).toMatchObject({ freeSlots: 9 });
  expect(beat?.workerTime).toBeDefined();
  server.dispatch.signal(run, 'go');
  await untilEnded(run);
});

test('a channel that is closed ends the worker', async () => {
  const server = await startTestServer();
  const run = server.dispatch.start('r1');
  let signal: AbortSignal | undefined;
  const worker = quickWorker(server, async (ctx) => {
    signal = ctx.signal;
    return (await ctx.waitSignal('never'))?.payload;
  });
  await until(() => run.waits.length === 1);
  server.channel.close();
  await server[Symbol.asyncDispose]();
  await until(() => signal?.aborted === true);
  expect(worker.taken).toBe(0);
});
