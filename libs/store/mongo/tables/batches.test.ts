import { expect, test } from 'vitest';
import { splitIntoBatches } from './batches.ts';

test('documents are split by number and by bytes, each in one batch and in order', () => {
  const small = Array.from({ length: 2_500 }, (_, index) => ({ index }));
  expect(splitIntoBatches(small, (document) => document).map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
  const large = Array.from({ length: 5 }, (_, index) => ({ index, body: new Uint8Array(7 * 1024 * 1024) }));
  const batches = splitIntoBatches(large, (document) => document);
  expect(batches.map((batch) => batch.length)).toEqual([2, 2, 1]);
  expect(batches.flat()).toEqual(large);
  expect(splitIntoBatches([], (document) => document)).toEqual([]);
});
