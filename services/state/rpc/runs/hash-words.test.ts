import { expect, test } from 'vitest';
import { hashWords } from './hash-words.ts';

const hex = (...words: unknown[]): string => Buffer.from(hashWords(words)).toString('hex');

test('the same words have the same hash, whatever holds their bytes', () => {
  const words = (bytes: Uint8Array): unknown[] => ['a', 5n, { data: bytes, none: undefined }, [true, null, 1.5]];
  expect(hex(...words(Buffer.from('xyz')))).toBe(hex(...words(new Uint8Array([120, 121, 122]))));
});

const DIFFERENT: readonly (readonly [one: unknown[], other: unknown[]])[] = [
  [
    ['ab', 'c'],
    ['a', 'bc'],
  ],
  [[['a'], 'b'], [['a', 'b']]],
  [[1n], [1]],
  [['1'], [1]],
  [[undefined], [null]],
  [[{ a: 1 }], [{ b: 1 }]],
  [[{ a: undefined }], [{}]],
  [[Buffer.from('ab')], ['ab']],
  [
    [Buffer.from('a'), Buffer.from('b')],
    [Buffer.from('ab'), Buffer.from('')],
  ],
];

test('words that are not the same are told apart', () => {
  for (const [one, other] of DIFFERENT) expect(hex(...one)).not.toBe(hex(...other));
});
