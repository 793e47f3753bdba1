import { expect, test } from 'vitest';
import { PassingSet } from './passing-set.ts';

test('a set whose members pass has the oldest first, each once', () => {
  const set = new PassingSet<string>();
  for (const member of ['a', 'b', 'a', 'c']) set.add(member);
  expect([...set]).toEqual(['a', 'b', 'c']);
  expect([set.size, set.has('b'), set.delete('b'), set.delete('b'), set.has('b')]).toEqual([
    3,
    true,
    true,
    false,
    false,
  ]);
  expect([set.maybeOldest(), set.size]).toEqual(['a', 2]);
  set.clear();
  expect([set.maybeOldest(), set.size, [...set]]).toEqual([undefined, 0, []]);
});
