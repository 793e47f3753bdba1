import { expect, test } from 'vitest';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { recordsOf } from '../testing/test-run.ts';
import { startTestServer } from '../testing/test-server.ts';
import { text, textOf } from '../testing/text.ts';
import { StepError } from './errors.ts';
import type { RunFunction } from './function-run.ts';

const OFTEN = { maxAttempts: 1_000, initialIntervalMs: 10, backoff: 'fixed', jitter: 0 } as const;

/** A step that always fails, and how it failed in the end. */
function failing(totalTimeoutMs: number, seen: number[]): RunFunction {
  return async (ctx) => {
    try {
      await ctx.step(
        'a',
        ({ attempt }) => {
          seen.push(attempt);
          throw new RangeError(`attempt ${attempt}`);
        },
        { retry: OFTEN, totalTimeoutMs },
      );
    } catch (error) {
      return text(error instanceof StepError ? `${error.type} after ${error.attempts}` : 'another error');
    }
    return undefined;
  };
}

test('no attempt is begun once all attempts together took as long as they may: the last error counts', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const seen: number[] = [];
  await using _worker = quickWorker(server, failing(120, seen));
  await untilEnded(run);
  expect(textOf(run.output)).toBe(`RangeError after ${seen.length}`);
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.length).toBeLessThan(13);
});

test('the time of all attempts goes on where another worker does', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const seen: number[] = [];
  {
    await using _worker = quickWorker(server, failing(60_000, seen));
    await until(() => seen.length >= 2);
  }
  const before = seen.length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  await using _worker = quickWorker(server, failing(50, seen));
  await untilEnded(run);
  expect(seen.length - before).toBeLessThan(2);
  expect(textOf(run.output)).toMatch(/ after \d+$/);
});

test('the server watches what is left for all attempts where that is less than an attempt may take', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => {
    await ctx.step('a', () => undefined, { timeoutMs: 60_000, totalTimeoutMs: 5_000 });
    await ctx.step('b', () => undefined, { totalTimeoutMs: 365 * 86_400_000 });
    return undefined;
  });
  await untilEnded(run);
  expect(recordsOf(run)).toEqual(['a#0 stepBegun', 'a#0 stepRecorded', 'b#0 stepBegun', 'b#0 stepRecorded']);
  const timeouts = server.dispatch.requests.flatMap(({ steps }) =>
    steps.flatMap(({ record }) =>
      record.case === 'begin'
        ? [Number(record.value.timeout?.seconds) + Number(record.value.timeout?.nanos) / 1e9]
        : [],
    ),
  );
  expect(timeouts.map(Math.round)).toEqual([5, 30 * 86_400]);
});

test.each([0, -1, Number.NaN])('a time of %d for all attempts is refused', async (totalTimeoutMs) => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) =>
    ctx.step('a', () => undefined, { totalTimeoutMs }).catch((error: Error) => text(error.message)),
  );
  await untilEnded(run);
  expect(textOf(run.output)).toContain('totalTimeoutMs must be 1 to');
});
