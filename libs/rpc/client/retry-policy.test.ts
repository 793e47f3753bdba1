import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { DEFAULT_RETRY_POLICY, maybeRetryDelayMs } from './retry-policy.ts';

const AWAY = new DomainError('UNAVAILABLE', 'away');
const NEVER = Number.POSITIVE_INFINITY;

function delays(random: number, error = AWAY): (number | undefined)[] {
  const policy = { maxAttempts: 9, initialMs: 100, maxMs: 1_000 };
  return [1, 2, 3, 4, 5, 6].map((attempts) => maybeRetryDelayMs(policy, attempts, error, NEVER, () => random));
}

test('the pause doubles up to the longest one', () => {
  expect(delays(0)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

test('up to half of a pause is left to chance', () => {
  expect(delays(0.5)).toEqual([75, 150, 300, 600, 750, 750]);
});

test('a pause that was asked for is stretched, never cut', () => {
  const asked = new DomainError('DRAINING', 'away', { retryAfterMs: 500 });
  expect(delays(0, asked)).toEqual([500, 500, 500, 800, 1_000, 1_000]);
  expect(delays(1, asked)[0]).toBe(600);
});

test('by default there are four attempts', () => {
  const tries = [1, 2, 3, 4].map((attempts) => maybeRetryDelayMs(DEFAULT_RETRY_POLICY, attempts, AWAY, NEVER, () => 0));
  expect(tries).toEqual([100, 200, 400, undefined]);
});

test('only what is unavailable is tried again', () => {
  for (const reason of ['OVERLOADED', 'LEASE_LOST', 'INTERNAL', 'DEADLINE_EXCEEDED', 'CALLER_GONE'] as const) {
    const error = new DomainError(reason, 'no');
    expect(maybeRetryDelayMs(DEFAULT_RETRY_POLICY, 1, error, NEVER, () => 0)).toBeUndefined();
  }
});

test('there is no pause beyond the deadline', () => {
  const soon = Date.now() + 50;
  expect(maybeRetryDelayMs(DEFAULT_RETRY_POLICY, 1, AWAY, soon, () => 0)).toBeUndefined();
});
