import { expect, test } from 'vitest';
import { completeTiming, OWNERSHIP_TIMING } from './timing.ts';

test('the defaults are good', () => {
  expect(completeTiming()).toEqual(OWNERSHIP_TIMING);
});

test.each([
  ['marginMs', { marginMs: 0 }],
  ['renewMs', { renewMs: 4_001 }],
  ['renewMs', { leaseMs: 7_000 }],
  ['lookMs', { lookMs: 5_001 }],
  ['moveMs', { moveMs: -1 }],
] as const)('times that contradict each other are refused by name: %s', (field, timing) => {
  expect(() => completeTiming(timing)).toThrow(
    expect.objectContaining({ reason: 'INVALID_FIELDS', violations: [expect.objectContaining({ field })] }),
  );
});
