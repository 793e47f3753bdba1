import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PassingMap } from './passing-map.ts';

type Step =
  | { readonly kind: 'set' | 'delete'; readonly key: number; readonly value: number }
  | { readonly kind: 'clear' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 50, arbitrary: fc.record({ kind: fc.constantFrom('set', 'delete'), key: fc.nat(80), value: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
);

describe('a map whose entries pass', () => {
  test('is what a Map is, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const map = new Map<number, number>();
        const passing = new PassingMap<number, number>();
        for (const one of steps) {
          if (one.kind === 'clear') {
            map.clear();
            passing.clear();
          } else if (one.kind === 'set') {
            map.set(one.key, one.value);
            passing.set(one.key, one.value);
          } else {
            expect(passing.delete(one.key)).toBe(map.delete(one.key));
          }
          expect(passing.size).toBe(map.size);
        }
        expect([...passing]).toEqual([...map]);
        expect([...passing.values()]).toEqual([...map.values()]);
        expect(passing.maybeOldest()).toBe([...map.values()][0]);
        for (let key = 0; key <= 80; key += 1) {
          expect([passing.has(key), passing.get(key)]).toEqual([map.has(key), map.get(key)]);
        }
      }),
    );
  });

  test('leaves out of a walk what has gone by its turn, and what came after it began', () => {
    const map = new PassingMap<number, string>();
    for (let key = 0; key < 100; key += 1) map.set(key, `v${key}`);
    const seen: number[] = [];
    for (const [key] of map) {
      seen.push(key);
      for (let other = key; other < key + 10; other += 1) map.delete(other);
      map.set(1_000 + key, 'late');
    }
    expect(seen).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(map.size).toBe(10);
  });

  test('lets what was in it die young, also after its table has become old', () => {
    // Should this fail, a Map will do.
    expect(keptBytes(new Map())).toBeGreaterThan(BYTES / 2);
    expect(keptBytes(new PassingMap())).toBeLessThan(BYTES / 4);
  });
});

/** What values take that come and go, all together. */
const BYTES: number = 8 * 1024 * 1024;

/** What one of them takes. */
const VALUE_BYTES = 1_024;

/** How much of that a map keeps alive when only young garbage was collected. */
function keptBytes(map: Map<number, unknown> | PassingMap<number, unknown>): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as NonNullable<typeof gc>;
  for (let key = 0; key < 200; key += 1) map.set(key, {});
  // The table of this moment is an old one from here on.
  collect({ type: 'major', execution: 'sync' });
  const before = getHeapStatistics().used_heap_size;
  for (let key = 200; key < 200 + BYTES / VALUE_BYTES; key += 1) {
    map.set(
      key,
      Array.from({ length: VALUE_BYTES / 8 }, () => key),
    );
    map.delete(key - 200);
  }
  for (let round = 0; round < 2; round += 1) collect({ type: 'minor', execution: 'sync' });
  return getHeapStatistics().used_heap_size - before;
}
