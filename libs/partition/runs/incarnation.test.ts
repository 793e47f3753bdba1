import fc from 'fast-check';
import { expect, test } from 'vitest';
import { incarnationFrom, incarnationTime } from './incarnation.ts';

const times = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const random = fc.uint8Array({ minLength: 10, maxLength: 16 });

test('an incarnation is a UUIDv7, and says when it was made', () => {
  fc.assert(
    fc.property(times, random, (time, bytes) => {
      const incarnation = incarnationFrom(time, bytes);
      expect(incarnation).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(incarnationTime(incarnation)).toBe(time);
    }),
  );
});

test('of two incarnations the one that was made later comes later in the order of texts', () => {
  fc.assert(
    fc.property(times, times, random, random, (one, other, first, second) => {
      fc.pre(one < other);
      expect(incarnationFrom(one, first) < incarnationFrom(other, second)).toBe(true);
    }),
  );
});

test('all of the 74 random bits are in it, and no other bytes of the memory that they are in', () => {
  const memory = new Uint8Array(64).fill(0xff);
  const bytes = memory.subarray(20, 30).fill(0);
  expect(incarnationFrom(1, bytes)).toBe('00000000-0001-7000-8000-000000000000');
  expect(incarnationFrom(1, new Uint8Array(10).fill(0xff))).toBe('00000000-0001-7fff-bfff-ffffffffffff');
});

test('a time that does not fit, or too few random bytes, are refused', () => {
  for (const time of [-1, 2 ** 48, Number.NaN, Infinity]) {
    expect(() => incarnationFrom(time, new Uint8Array(10))).toThrow(RangeError);
  }
  expect(() => incarnationFrom(1, new Uint8Array(9))).toThrow('ten random bytes');
});

test('[8] what is no incarnation is a named error, so that no event gets a time that is no number', () => {
  for (const wrong of ['', 'x', 'zzzzzzzz-0000-7000-8000-000000000000']) {
    expect(() => incarnationTime(wrong)).toThrow('is not an incarnation');
  }
});
