import { expect, test } from 'vitest';
import { INCARNATION } from '../testing/scenario.ts';
import { itemIdFrom, maybeItemSequence } from './lease.ts';

test('an item id names the item of its own incarnation and nothing else', () => {
  expect(maybeItemSequence(INCARNATION, itemIdFrom(INCARNATION, 42))).toBe(42);
  expect(maybeItemSequence('other', itemIdFrom(INCARNATION, 42))).toBeUndefined();
  for (const bad of ['', '0', '-1', '1e3', ' 1', '1.5']) {
    expect(maybeItemSequence(INCARNATION, `${INCARNATION}.${bad}`)).toBeUndefined();
  }
});
