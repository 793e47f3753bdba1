import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareText } from '#libs/store/tables/text-order.ts';
import { idFromParts, idsFrom, idsOfSlots, keyFromParts } from './row-id.ts';

const part = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }).filter((text) => text.isWellFormed() && !text.includes('\0')),
  fc.string({ unit: fc.constantFrom(' ', '!', '"', 'a', '\u0001', '~', 'é', '\uffff', '😀'), maxLength: 6 }),
);
const number = fc.maxSafeInteger();

function compareParts(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index];
    const order =
      typeof value === 'string' && typeof other === 'string'
        ? compareText(value, other)
        : Number(value) - Number(other);
    if (order !== 0) {
      return Math.sign(order);
    }
  }
  return 0;
}

test('keys sort as their parts do', () => {
  const parts = fc.tuple(part, number, part);
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const order = Math.sign(compareText(keyFromParts(...a), keyFromParts(...b)));
      expect(order).toBe(compareParts(a, b));
    }),
    { numRuns: 2_000 },
  );
});

test('the keys that begin with some parts are a range, and no others are in it', () => {
  fc.assert(
    fc.property(fc.tuple(part, part), fc.tuple(part, part), part, (beginning, other, last) => {
      const { $gte, $lt } = idsFrom(idFromParts(...beginning));
      const isIn = (id: string): boolean => compareText(id, $gte) >= 0 && compareText(id, $lt) < 0;
      expect(isIn(idFromParts(...beginning, last))).toBe(true);
      expect(isIn(idFromParts(...other, last))).toBe(compareParts(beginning, other) === 0);
    }),
    { numRuns: 2_000 },
  );
});

test('an id of long texts stays within what servers take and is still its own', () => {
  const texts = ['x', ' ', 'é', '😀'].map((unit) => unit.repeat(Math.floor(1_024 / Buffer.byteLength(unit))));
  for (const text of texts) {
    const id = idFromParts(text, text, text, text, text);
    expect(Buffer.byteLength(id)).toBeLessThan(2_600);
    expect(id.isWellFormed()).toBe(true);
    expect(idFromParts(text)).not.toBe(idFromParts(`${text.slice(0, -2)}yz`));
  }
});

test('slots are ranges side by side', () => {
  expect(idsOfSlots({ from: 64, to: 128 })).toEqual({ $gte: '0064', $lt: '0128' });
  expect(idsOfSlots({ from: 960, to: 1_024 })).toEqual({ $gte: '0960', $lt: '1024' });
});
