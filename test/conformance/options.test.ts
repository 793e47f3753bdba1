import { expect, test } from 'vitest';
import { parseConformanceOptions } from './options.ts';

test('nothing is required and nothing is written unless it is asked for', () => {
  expect(parseConformanceOptions([], 95)).toEqual({ required: [], jsonFile: undefined, isHelp: false });
});

test('required lines, a file and help are read', () => {
  const args = ['--require', '1-2,9', '--json', 'table.json', '--help'];
  expect(parseConformanceOptions(args, 95)).toEqual({ required: [1, 2, 9], jsonFile: 'table.json', isHelp: true });
});

test.each([
  [['--require', '1-x'], '"1-x" is neither'],
  [['--requires', '1'], '--requires'],
  [['1-34'], '1-34'],
])('%j is refused by name', (args, message) => {
  expect(() => parseConformanceOptions(args, 95)).toThrow(message);
});
