import { expect, test } from 'vitest';
import { partitionOfSlot, SLOT_COUNT, slotOf, slotsOfPartition } from './slots.ts';

test('slots are what they have always been: rows are found by them', () => {
  const ids = [
    ['default', 'run'],
    ['default', '日本'],
    ['', ''],
    ['ab', 'c'],
    ['a', 'bc'],
  ] as const;
  expect(ids.map(([tenantId, id]) => slotOf(tenantId, id))).toEqual([669, 362, 75, 728, 434]);
});

test('partitions cut all slots into ranges', () => {
  for (const count of [1, 2, 3, 16, 1_000, SLOT_COUNT]) {
    const ranges = Array.from({ length: count }, (_, partition) => slotsOfPartition(partition, count));
    expect(ranges[0]?.from).toBe(0);
    expect(ranges.at(-1)?.to).toBe(SLOT_COUNT);
    for (const [partition, { from, to }] of ranges.entries()) {
      expect(to).toBe(ranges[partition + 1]?.from ?? SLOT_COUNT);
      expect([partitionOfSlot(from, count), partitionOfSlot(to - 1, count)]).toEqual([partition, partition]);
    }
  }
});
