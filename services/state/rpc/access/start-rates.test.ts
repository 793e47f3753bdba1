import { expect, test } from 'vitest';
import { createStartRates } from './start-rates.ts';

test('[71] starts beyond the limit of a second are refused, with the limit and when to come back', () => {
  let nowMs = 0;
  const rates = createStartRates(() => nowMs);
  const count = (): void => rates.count('acme', 2);
  count();
  count();
  expect(count).toThrow(
    expect.objectContaining({
      reason: 'QUOTA_EXCEEDED',
      metadata: { limit: 'max_starts_per_second', maximum: '2' },
      retryAfterMs: 500,
    }),
  );
  rates.count('globex', 2);
  nowMs = 500;
  count();
  expect(count).toThrow('max_starts_per_second of the tenant is 2');
});

test('a limit of 0 lets nothing start', () => {
  const rates = createStartRates(() => 0);
  expect(() => rates.count('acme', 0)).toThrow(expect.objectContaining({ retryAfterMs: 1_000 }));
});
