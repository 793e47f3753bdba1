import { expect, test } from 'vitest';
import { createRowWatch } from './row-watch.ts';

const MAX_GAP_MS = 5_000;

test('a row counts as unchanged from when it had arrived until the last read', () => {
  const watch = createRowWatch<string>(MAX_GAP_MS);
  watch.see([['a', 1]], 100);
  expect(watch.unchangedMs('a')).toBe(0);
  watch.see([['a', 1]], 2_100);
  watch.see([['a', 1]], 4_100);
  expect(watch.unchangedMs('a')).toBe(4_000);
  watch.see([['a', 2]], 6_100);
  expect(watch.unchangedMs('a')).toBe(0);
  expect(watch.sinceMs('a')).toBe(6_100);
});

test('[90] after a read that failed every row is seen for the first time', () => {
  const watch = createRowWatch<string>(MAX_GAP_MS);
  watch.see([['a', 1]], 0);
  watch.see([['a', 1]], 4_000);
  watch.fail();
  expect(watch.unchangedMs('a')).toBe(0);
  watch.see([['a', 1]], 6_000);
  expect(watch.unchangedMs('a')).toBe(0);
  watch.see([['a', 1]], 8_000);
  expect(watch.unchangedMs('a')).toBe(2_000);
});

test('[90] who did not look for a while has not seen that nothing changed', () => {
  const watch = createRowWatch<string>(MAX_GAP_MS);
  watch.see([['a', 1]], 0);
  watch.see([['a', 1]], MAX_GAP_MS + 1);
  expect(watch.unchangedMs('a')).toBe(0);
});

test('a row that is gone and comes back is a new one', () => {
  const watch = createRowWatch<string>(MAX_GAP_MS);
  watch.see([['a', 1]], 0);
  watch.see([], 1_000);
  watch.see([['a', 1]], 2_000);
  watch.see([['a', 1]], 3_000);
  expect(watch.unchangedMs('a')).toBe(1_000);
  expect(watch.unchangedMs('b')).toBe(0);
});

test('what this node wrote itself is seen from then on', () => {
  const watch = createRowWatch<string>(MAX_GAP_MS);
  watch.see([['a', 1]], 0);
  watch.note('a', 2, 500);
  watch.see([['a', 2]], 1_500);
  expect(watch.unchangedMs('a')).toBe(1_000);
});
