import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTimerHeap } from './timer-heap.ts';

test('what is due comes out in the order of time, and of setting at the same instant', () => {
  const heap = createTimerHeap<string>();
  heap.set('late', 30);
  heap.set('b', 10);
  heap.set('a', 10);
  expect(heap.nextTime()).toBe(10);
  expect(heap.takeDue(9, 10)).toEqual([]);
  expect(heap.takeDue(20, 1)).toEqual(['b']);
  expect(heap.takeDue(20, 10)).toEqual(['a']);
  expect(heap.size).toBe(1);
});

test('a key has one time, infinity clears it, and no number is refused', () => {
  const heap = createTimerHeap<string>();
  heap.set('a', 10);
  heap.set('a', 20);
  expect(heap.size).toBe(1);
  expect(heap.nextTime()).toBe(20);
  heap.set('a', Infinity);
  expect(heap.nextTime()).toBe(Infinity);
  expect(() => heap.set('a', Number.NaN)).toThrow(RangeError);
});

test('any course of setting, clearing and taking agrees with sorting everything', () => {
  const move = fc.record({ key: fc.nat(20), time: fc.option(fc.nat(50)), take: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 200, size: 'max' }), (moves) => {
      const heap = createTimerHeap<number>();
      let expected: { key: number; time: number }[] = [];
      for (const { key, time, take } of moves) {
        if (take === 0) {
          const horizon = time ?? 25;
          const due = expected
            .toSorted((a, b) => a.time - b.time)
            .filter((slot) => slot.time <= horizon)
            .slice(0, 3);
          expect(heap.takeDue(horizon, 3)).toEqual(due.map((slot) => slot.key));
          expected = expected.filter((slot) => !due.includes(slot));
        } else if (time === null) {
          heap.clear(key);
          expected = expected.filter((slot) => slot.key !== key);
        } else if (!expected.some((slot) => slot.key === key && slot.time === time)) {
          heap.set(key, time);
          expected = [...expected.filter((slot) => slot.key !== key), { key, time }];
        }
        expect(heap.size).toBe(expected.length);
        expect(heap.nextTime()).toBe(Math.min(...expected.map((slot) => slot.time)));
      }
    }),
  );
});
