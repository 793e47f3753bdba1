import { expect, test } from 'vitest';
import { hasSwitch, spellSwitches } from './common-switches.ts';

test.each([
  [
    ['run', 'list', '-o', 'json'],
    ['run', 'list', '--json'],
  ],
  [
    ['-ojson', 'run'],
    ['--json', 'run'],
  ],
  [['-o=json'], ['--json']],
  [
    ['run', '-h'],
    ['run', '--help'],
  ],
  [
    ['-o', 'yaml'],
    ['-o', 'yaml'],
  ],
  [['-o'], ['-o']],
  [
    ['run', 'get', '--', '-o', 'json'],
    ['run', 'get', '--', '-o', 'json'],
  ],
])('%j is spelled %j', (argv, spelled) => {
  expect(spellSwitches(argv)).toEqual(spelled);
});

test('after two dashes nothing is a switch', () => {
  expect(hasSwitch(['run', '--json'], '--json')).toBe(true);
  expect(hasSwitch(['run', '--', '--json'], '--json')).toBe(false);
});
