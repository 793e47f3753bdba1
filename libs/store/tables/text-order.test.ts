import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareText } from './text-order.ts';

test('texts are ordered by their bytes in UTF-8', () => {
  const text = fc.string({ unit: 'binary', maxLength: 4 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      return Math.sign(compareText(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b));
    }),
    { numRuns: 2_000 },
  );
});

test('what does not fit in one unit comes after all that does', () => {
  expect(['😀', '\uffff', '\ue000', '\ud7ff', 'a', '', 'aa'].toSorted(compareText)).toEqual([
    '',
    'a',
    'aa',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '😀',
  ]);
});
