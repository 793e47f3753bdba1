import { expect, test } from 'vitest';
import { markedLines } from './marks.ts';

test.each<[readonly string[], readonly number[]]>([
  [['starts in SQLite', '[39] an id in use is RUN_EXISTS'], [39]],
  [['a run', 'loses nothing when it is killed [42]'], [42]],
  [
    ['[14, 16] a ttl that has passed', 'x'],
    [14, 16],
  ],
  [['[34] [38] to a parked run'], [34, 38]],
  [['[43] one attempt, and [44] a type that no retry helps neither'], [43, 44]],
  [
    ['[9] a suite', '[9] a test of it, [8]'],
    [8, 9],
  ],
  [['[18,41] without a space'], [18, 41]],
])('of %j the lines are %j', (names, lines) => {
  expect(markedLines(names)).toEqual(lines);
});

test.each(['an answer [journal.md 10]', '{"a":[1]} is refused', '[1e3,-0.10] is kept', 'row[5] is', '[]'])(
  'what is no mark names no line: %s',
  (name) => {
    expect(markedLines([name])).toEqual([]);
  },
);
