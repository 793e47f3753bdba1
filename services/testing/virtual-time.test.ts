import { expect, test } from 'vitest';
import { ChildError, NonRetryableError, RunError, signal, workflow } from '#libs/sdk/millrace.ts';
import { createTestEnvironment } from './millrace-testing.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 0, 1);

const approved = signal<{ by: string }>('approved');

test('a workflow that waits for 30 days ends in less than 50 ms', async () => {
  const month = workflow('month', async (ctx) => {
    const before = await ctx.now();
    await ctx.sleep(30 * DAY_MS);
    return (await ctx.now()).getTime() - before.getTime();
  });
  await using env = await createTestEnvironment({ workflows: [month], startTime: START });
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const started = performance.now();
    expect(await env.client.execute(month)).toBe(30 * DAY_MS);
    times.push(performance.now() - started);
  }
  process.stdout.write(`30 days took ${times.map((ms) => ms.toFixed(1)).join(', ')} ms\n`);
  expect(Math.min(...times)).toBeLessThan(50);
  expect(env.now.getTime()).toBe(START + 5 * 30 * DAY_MS);
});

test('a step is tried again after hours, at the times that its policy says', async () => {
  const tries: number[] = [];
  const flaky = workflow('flaky', async (ctx) =>
    ctx.step(
      'call',
      async ({ attempt }) => {
        tries.push(env.now.getTime() - START);
        if (attempt < 4) throw new RangeError('not yet');
        return attempt;
      },
      { retry: { maxAttempts: 5, initialIntervalMs: HOUR_MS, maxIntervalMs: DAY_MS, jitter: 0 } },
    ),
  );
  await using env = await createTestEnvironment({ workflows: [flaky], startTime: START });
  expect(await env.client.execute(flaky)).toBe(4);
  expect(tries).toEqual([0, HOUR_MS, 3 * HOUR_MS, 7 * HOUR_MS]);
});

test('a retry waits beside a step that runs, and the clock with it', async () => {
  const slow = Promise.withResolvers<string>();
  const tries: number[] = [];
  const both = workflow('both', async (ctx) =>
    Promise.all([
      ctx.step('slow', () => slow.promise),
      ctx.step(
        'flaky',
        async ({ attempt }) => {
          tries.push(env.now.getTime() - START);
          if (attempt === 1) throw new RangeError('no');
          return 'ok';
        },
        { retry: { initialIntervalMs: HOUR_MS, maxIntervalMs: HOUR_MS, jitter: 0 } },
      ),
    ]),
  );
  await using env = await createTestEnvironment({ workflows: [both], startTime: START });
  const run = await env.client.start(both);
  setTimeout(() => slow.resolve('done'), 20);
  expect(await run.result()).toEqual(['done', 'ok']);
  expect(tries).toEqual([0, HOUR_MS]);
});

test('a signal that does not come in time is undefined, one that was sent is taken', async () => {
  const order = workflow('order', async (ctx) => {
    const approval = await ctx.waitFor(approved, { timeoutMs: DAY_MS });
    if (approval === undefined) throw new NonRetryableError('not approved in time');
    return approval.by;
  });
  await using env = await createTestEnvironment({ workflows: [order], startTime: START });
  const late = await env.client.start(order);
  await expect(late.result()).rejects.toMatchObject({ type: 'NonRetryableError' });
  expect(env.now.getTime()).toBe(START + DAY_MS);
  const taken = await env.client.start(order);
  await taken.send(approved, { by: 'ann' });
  expect(await taken.result()).toBe('ann');
  expect(env.now.getTime()).toBe(START + DAY_MS);
});

test('children wait at the same time, and their failures reach the parent', async () => {
  const child = workflow('child', async (ctx, days: number) => {
    await ctx.sleep(days * DAY_MS);
    if (days === 3) throw new NonRetryableError('three is too many');
    return days;
  });
  const parent = workflow('parent', async (ctx) => {
    const ended = await ctx.all([1, 2, 5], (c, days) => c.child(child, days), { concurrency: 3 });
    const error: unknown = await ctx.child(child, 3).catch((thrown: unknown) => thrown);
    return { ended, failed: error instanceof ChildError ? error.failure.type : 'none' };
  });
  await using env = await createTestEnvironment({ workflows: [parent, child], startTime: START });
  expect(await env.client.execute(parent)).toEqual({ ended: [1, 2, 5], failed: 'NonRetryableError' });
  expect(env.now.getTime()).toBe(START + 8 * DAY_MS);
});

test('many runs wake in the order of their times', async () => {
  const woken: number[] = [];
  const nap = workflow('nap', async (ctx, hours: number) => {
    await ctx.sleepUntil(START + hours * HOUR_MS);
    await ctx.step('note', async () => {
      woken.push(hours);
    });
  });
  await using env = await createTestEnvironment({ workflows: [nap], startTime: START });
  const hours = Array.from({ length: 40 }, (_, index) => ((index * 17) % 40) + 1);
  await Promise.all(hours.map((each) => env.client.execute(nap, each)));
  expect(woken).toEqual(hours.toSorted((a, b) => a - b));
});

test('a run that takes longer than it may fails by the clock', async () => {
  const endless = workflow('endless', async (ctx) => void (await ctx.waitFor(approved)), { runTimeoutMs: DAY_MS });
  await using env = await createTestEnvironment({ workflows: [endless], startTime: START });
  const error: unknown = await env.client.execute(endless).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RunError);
  expect(error).toMatchObject({ type: 'RUN_TIMEOUT' });
  expect(env.now.getTime()).toBe(START + DAY_MS);
});

test('a clock that does not jump is turned on by hand, and what is due on the way is done at its time', async () => {
  const seen: number[] = [];
  const ticking = workflow('ticking', async (ctx) => {
    for (let hour = 0; hour < 5; hour += 1) {
      await ctx.sleep(HOUR_MS);
      await ctx.step('tick', async () => {
        seen.push((env.now.getTime() - START) / HOUR_MS);
      });
    }
  });
  await using env = await createTestEnvironment({ workflows: [ticking], startTime: START, jumps: false });
  const run = await env.client.start(ticking);
  await env.advance(0);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(env.now.getTime()).toBe(START);
  await env.advance(2.5 * HOUR_MS);
  expect(seen).toEqual([1, 2]);
  expect(env.now.getTime()).toBe(START + 2.5 * HOUR_MS);
  expect(await env.client.run(run.runId).state()).toEqual({});
  env.jumps = true;
  await run.result();
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  await expect(env.advance(-1)).rejects.toThrow('ms must be 0 or more');
});

test('an attempt that takes longer than it may is cut by the clock, and tried again', async () => {
  const attempts: string[] = [];
  const slow = workflow('slow', async (ctx) =>
    ctx.step(
      'call',
      async ({ attempt, signal: aborted }) => {
        if (attempt === 2) return 'at last';
        attempts.push('hangs');
        await new Promise((_, reject) => {
          aborted.addEventListener('abort', () => reject(aborted.reason as Error));
        });
        return 'never';
      },
      { timeoutMs: HOUR_MS, retry: { jitter: 0 } },
    ),
  );
  await using env = await createTestEnvironment({ workflows: [slow], startTime: START });
  const run = await env.client.start(slow);
  await env.advance(2 * HOUR_MS);
  expect(await run.result()).toBe('at last');
  expect(attempts).toEqual(['hangs']);
});

test('what the clock shows is what the workflow is given, from the time that the test says', async () => {
  const when = workflow('when', async (ctx) => {
    await ctx.sleep(1_500);
    return (await ctx.now()).toISOString();
  });
  await using env = await createTestEnvironment({ workflows: [when], startTime: new Date('2031-05-04T10:00:00Z') });
  expect(await env.client.execute(when)).toBe('2031-05-04T10:00:01.500Z');
  expect(env.now.toISOString()).toBe('2031-05-04T10:00:01.500Z');
});

test('payloads that are too large for a message go in and come out', async () => {
  const large = 'x'.repeat(3_000_000);
  const copy = workflow('copy', async (ctx, text: string) => {
    const copied = await ctx.step('copy', async () => `${text}!`);
    await ctx.sleep(DAY_MS);
    return copied;
  });
  await using env = await createTestEnvironment({ workflows: [copy] });
  const killed = env.killWorker({ atStep: 1 });
  const run = await env.client.start(copy, large);
  await killed;
  expect(await run.result()).toBe(`${large}!`);
});

test('lines of a workflow are written once, and two environments have nothing in common', async () => {
  const lines: string[] = [];
  const chatty = workflow('chatty', async (ctx) => {
    ctx.log.info('before');
    await ctx.sleep(DAY_MS);
    ctx.log.info('after');
    await ctx.set('seen', true);
  });
  const onLog = ({ message }: { message: string }): void => void lines.push(message);
  await using first = await createTestEnvironment({ workflows: [chatty], onLog, startTime: START });
  await using second = await createTestEnvironment({ workflows: [], startTime: START });
  const run = await first.client.start(chatty, undefined, { runId: 'c1' });
  await run.result();
  expect(await run.state()).toEqual({ seen: true });
  expect(lines).toEqual(['before', 'after']);
  expect(second.now.getTime()).toBe(START);
  await expect(second.client.run('c1').get()).rejects.toMatchObject({ reason: 'RUN_NOT_FOUND' });
  await expect(second.client.start(chatty)).rejects.toMatchObject({ reason: 'DEFINITION_NOT_FOUND' });
});

test('what the server does not take is refused where the environment is made', async () => {
  const nameless = workflow('', async () => undefined);
  await expect(createTestEnvironment({ workflows: [nameless] })).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
});
