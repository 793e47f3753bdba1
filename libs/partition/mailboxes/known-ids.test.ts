import { describe, expect, test } from 'vitest';
import { createKnownIds } from './known-ids.ts';

describe('known ids', () => {
  test('never deny an id that was added, also after they have grown', () => {
    const known = createKnownIds(64);
    const ids = Array.from({ length: 5_000 }, (_, index) => `7:default${index}`);
    for (const id of ids) known.add(id);
    expect(ids.every((id) => known.mayHave(id))).toBe(true);
    expect(known.size).toBe(5_000);
  });

  test('deny nearly every id that was not', () => {
    const known = createKnownIds();
    for (let index = 0; index < 50_000; index += 1) known.add(`7:defaultorder-${index}`);
    let taken = 0;
    for (let index = 50_000; index < 100_000; index += 1) if (known.mayHave(`7:defaultorder-${index}`)) taken += 1;
    expect(taken).toBeLessThan(50_000 * 0.01);
  });

  test('take every id for a known one once they are full', () => {
    const known = createKnownIds(8_388_608);
    expect(known.mayHave('new')).toBe(false);
    expect(known.isFull).toBe(false);
  });
});
