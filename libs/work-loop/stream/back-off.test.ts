import { expect, test } from 'vitest';
import { backOffMs } from './back-off.ts';

test('pauses double up to the longest, and at most half of each is at random', () => {
  const options = { initialMs: 100, maxMs: 1_000 };
  expect([1, 2, 3, 4, 5, 1_000].map((failures) => backOffMs(options, failures, 0))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ]);
  expect(backOffMs(options, 2, 0.999)).toBeGreaterThan(100);
});
