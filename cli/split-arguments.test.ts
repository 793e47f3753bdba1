import { expect, test } from 'vitest';
import { splitArguments } from './split-arguments.ts';

const KNOWN = [
  { name: '--limit', isSwitch: false },
  { name: '--wait', isSwitch: true },
];

test.each([
  [['a', 'b'], ['a', 'b'], []],
  [['--limit', '5', 'a'], ['a'], ['--limit', '5']],
  [['a', '--limit', '-5'], ['a'], ['--limit', '-5']],
  [['--limit=5', 'a'], ['a'], ['--limit=5']],
  [['--wait', 'a'], ['a'], ['--wait']],
  [['--limit', '--wait', 'a'], ['a'], ['--limit', '--wait']],
  [['--limit', '-', 'a'], ['a'], ['--limit', '-']],
  [['-', 'a'], ['-', 'a'], []],
  [['a', '--', '--wait', '-x'], ['a', '--wait', '-x'], []],
  [['--limt', '5', 'a'], ['a'], ['--limt', '5']],
  [['-x', 'a'], ['a'], ['-x']],
])('%j stands as %j beside %j', (argv, positionals, options) => {
  expect(splitArguments(argv, KNOWN)).toEqual({ positionals, options });
});
