import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFenceCounter } from './fence.ts';

const eras = fc.integer({ min: 0, max: 127 });
const epochs = fc.integer({ min: 1, max: 2 ** 24 - 1 });

test('[18] fences only grow: in an epoch, from one to a later one, and from an era to a later one', () => {
  fc.assert(
    fc.property(
      eras,
      epochs,
      eras,
      epochs,
      fc.integer({ min: 1, max: 20 }),
      (era, epoch, nextEra, nextEpoch, count) => {
        const counter = createFenceCounter(era, epoch);
        let last = 0n;
        for (let given = 0; given < count; given += 1) {
          const fence = counter.next();
          expect(fence > last).toBe(true);
          last = fence;
        }
        expect(BigInt.asIntN(64, last)).toBe(last);
        fc.pre(nextEra > era || (nextEra === era && nextEpoch > epoch));
        expect(createFenceCounter(nextEra, nextEpoch).next() > last).toBe(true);
      },
    ),
  );
});

test('a fence is era, epoch and counter of 7, 24 and 32 bits, and never 0', () => {
  const counter = createFenceCounter(127, 2 ** 24 - 1);
  expect(counter.next()).toBe(0x7fff_ffff_0000_0001n);
  expect(createFenceCounter(0, 1).next()).toBe(0x1_0000_0001n);
});

test.each([
  [-1, 1],
  [128, 1],
  [0, 0],
  [0, 2 ** 24],
  [0.5, 1],
  [0, 1.5],
  [Number.NaN, 1],
  [0, Number.NaN],
])('era %d with epoch %d is refused', (era, epoch) => {
  expect(() => createFenceCounter(era, epoch)).toThrow(RangeError);
});

test('the fences of an epoch end: none is given twice', () => {
  const counter = createFenceCounter(0, 1, 2 ** 32 - 2);
  expect(counter.next()).toBe(0x1_ffff_ffffn);
  expect(() => counter.next()).toThrow('used up');
  expect(() => counter.next()).toThrow(RangeError);
});
