import fc from 'fast-check';
import { expect, test } from 'vitest';
import { failureOf } from '../testing/scenario.ts';
import { expiryBackoffMs, type RetryPolicy, retryDelayMs } from './retry-policy.ts';

const broken = failureOf('Broken');

function delays(policy: RetryPolicy, attempts: number, random: number = 0.5): ReadonlyArray<number | undefined> {
  return Array.from({ length: attempts }, (_, index) => retryDelayMs(policy, index + 1, broken, random));
}

test('[43] max_attempts counts every try, the first included', () => {
  expect(delays({ maxAttempts: 4, initialIntervalMs: 100, jitter: 0 }, 4)).toEqual([100, 200, 400, undefined]);
  expect(delays({ maxAttempts: 1 }, 1)).toEqual([undefined]);
});

test('a policy that says nothing tries three times, after 1 and 2 s', () => {
  expect(delays({}, 3)).toEqual([1_000, 2_000, undefined]);
});

test('waits grow exponentially, linearly or not at all', () => {
  const base = { maxAttempts: 9, initialIntervalMs: 10, jitter: 0 };
  expect(delays({ ...base, multiplier: 3 }, 4)).toEqual([10, 30, 90, 270]);
  expect(delays({ ...base, backoff: 'linear' }, 4)).toEqual([10, 20, 30, 40]);
  expect(delays({ ...base, backoff: 'fixed' }, 4)).toEqual([10, 10, 10, 10]);
});

test('[43] max_interval is honoured: the cap comes after the jitter', () => {
  expect(delays({ maxAttempts: 99, jitter: 0 }, 8).slice(5)).toEqual([32_000, 60_000, 60_000]);
  expect(retryDelayMs({ maxAttempts: 99 }, 50, broken, 0.999_999)).toBe(60_000);
});

test('[43] jitter stays within its bounds', () => {
  expect(retryDelayMs({}, 1, broken, 0)).toBe(800);
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 60 }),
      (random, jitter, attempt) => {
        const wait = 1_000 * 2 ** (attempt - 1);
        const delay = retryDelayMs({ maxAttempts: 99, jitter }, attempt, broken, random) ?? -1;
        expect(delay).toBeGreaterThanOrEqual(Math.floor(Math.min(60_000, wait * (1 - jitter))));
        expect(delay).toBeLessThanOrEqual(Math.min(60_000, Math.ceil(wait * (1 + jitter))));
      },
    ),
  );
});

test('[44] a type that is not retryable is final, as is a failure that says so', () => {
  expect(retryDelayMs({ nonRetryable: ['Broken'] }, 1, broken, 0)).toBeUndefined();
  expect(retryDelayMs({}, 1, failureOf('Other', true), 0)).toBeUndefined();
});

test('[64] the back-off after an expired lease is 2^n s, never above 64 s', () => {
  expect([1, 2, 3, 6, 7, 1_000].map(expiryBackoffMs)).toEqual([2_000, 4_000, 8_000, 64_000, 64_000, 64_000]);
});
