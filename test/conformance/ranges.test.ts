import { expect, test } from 'vitest';
import { parseRanges } from './ranges.ts';

test('lines and ranges are read in order, each line once', () => {
  expect(parseRanges('36,1-3, 38-39,2', 95)).toEqual([1, 2, 3, 36, 38, 39]);
  expect(parseRanges('95', 95)).toEqual([95]);
});

test.each([
  ['', '"" is neither a line nor a range like 1-34'],
  ['1-3,,5', '"" is neither a line nor a range like 1-34'],
  ['1,x', '"x" is neither a line nor a range like 1-34'],
  ['1-2-3', '"1-2-3" is neither'],
  ['-4', '"-4" is neither'],
  ['1,34-30', '"34-30" runs backwards'],
  ['0-3', '"0-3" is not within 1-95'],
  ['1,90-96', '"90-96" is not within 1-95'],
])('of "%s" the wrong part is named', (text, message) => {
  expect(() => parseRanges(text, 95)).toThrow(`--require: ${message}`);
});
