import { expect, test } from 'vitest';
import { dropEntry, dropMember, emptyMap, emptySet, withEntry, withMember } from './open-map.ts';

test('what is put into an empty map or set is in no other that was empty', () => {
  const other = emptyMap<string, number>();
  const map = withEntry(emptyMap<string, number>(), 'a', 1);
  expect(withEntry(map, 'b', 2)).toBe(map);
  expect([...map]).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  dropEntry(map, 'a');
  expect([...map.keys()]).toEqual(['b']);
  const set = withMember(emptySet<string>(), 'a');
  expect(withMember(set, 'b')).toBe(set);
  dropMember(set, 'a');
  expect([...set]).toEqual(['b']);
  expect([other.size, emptyMap().size, emptySet().size]).toEqual([0, 0, 0]);
});

test('taking something out of what is empty changes nothing', () => {
  dropEntry(emptyMap<string, number>(), 'a');
  dropMember(emptySet<string>(), 'a');
  expect([emptyMap().size, emptySet().size]).toEqual([0, 0]);
});
