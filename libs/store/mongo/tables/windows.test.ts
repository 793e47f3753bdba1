import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readByWindows } from './windows.ts';

interface Bounds {
  readonly $gte?: number;
  readonly $lte?: number;
  readonly $gt?: number;
  readonly $lt?: number;
}

/** Reads the times of a window in order. */
function readOf(times: readonly number[], direction: 'down' | 'up') {
  const sorted = times.toSorted((a, b) => (direction === 'up' ? a - b : b - a));
  return async ({ time }: { readonly time?: Bounds }, limit: number): Promise<number[]> =>
    sorted
      .filter(
        (each) =>
          each >= (time?.$gte ?? Number.NEGATIVE_INFINITY) &&
          each <= (time?.$lte ?? Number.POSITIVE_INFINITY) &&
          each > (time?.$gt ?? Number.NEGATIVE_INFINITY) &&
          each < (time?.$lt ?? Number.POSITIVE_INFINITY),
      )
      .slice(0, limit);
}

test('windows answer what one read of all would', async () => {
  const time = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.maxSafeInteger());
  await fc.assert(
    fc.asyncProperty(
      fc.array(time, { maxLength: 50 }),
      time,
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom('down', 'up'),
      fc.boolean(),
      async (times, from, need, direction, isOpen) => {
        const read = readOf(times, direction);
        const all = await read(isOpen ? {} : { time: { [direction === 'up' ? '$gte' : '$lte']: from } }, need);
        expect(await readByWindows({ field: 'time', direction, from, isOpen }, need, read)).toEqual(all);
      },
    ),
    { numRuns: 500 },
  );
});

test('few windows reach what is years away', async () => {
  let windows = 0;
  const read = readOf([1_000], 'down');
  const found = await readByWindows(
    { field: 'time', direction: 'down', from: 1.8e12, isOpen: true },
    10,
    (window, limit) => {
      windows += 1;
      return read(window, limit);
    },
  );
  expect(found).toEqual([1_000]);
  expect(windows).toBeLessThan(12);
  windows = 0;
  const start = { field: 'time', direction: 'down', from: 1.8e12, isOpen: true, until: 1.8e12 - 1 } as const;
  await readByWindows(start, 10, (window, limit) => {
    windows += 1;
    return read(window, limit);
  });
  expect(windows).toBe(1);
});
