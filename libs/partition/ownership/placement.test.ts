import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Candidate, placePartitions } from './placement.ts';

function nodes(count: number, newestFormat = 1): readonly Candidate[] {
  return Array.from({ length: count }, (_, i) => ({ nodeId: `node-${i}`, newestFormat }));
}

function sixteen(format = 1): readonly number[] {
  return Array.from({ length: 16 }, () => format);
}

function targetsOf(orders: readonly (readonly string[])[]): readonly (string | undefined)[] {
  return orders.map(([target]) => target);
}

test('no node gets more than its even share', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 64 }), (count, partitions) => {
      const orders = placePartitions(
        Array.from({ length: partitions }, () => 1),
        nodes(count),
      );
      const counts = new Map<string | undefined, number>();
      for (const target of targetsOf(orders)) counts.set(target, (counts.get(target) ?? 0) + 1);
      expect(counts.has(undefined)).toBe(false);
      for (const owned of counts.values()) expect(owned).toBeLessThanOrEqual(Math.ceil(partitions / count));
    }),
  );
});

test('every order names every node once', () => {
  for (const order of placePartitions(sixteen(), nodes(5))) {
    expect(order.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(nodes(5).map(({ nodeId }) => nodeId));
  }
});

test('nodes that see the same candidates in another order come to the same answer', () => {
  expect(placePartitions(sixteen(), nodes(6).toReversed())).toEqual(placePartitions(sixteen(), nodes(6)));
});

test('what one node leaves or gets is most of what moves', () => {
  const before = targetsOf(placePartitions(sixteen(), nodes(4)));
  const after = targetsOf(placePartitions(sixteen(), nodes(5)));
  const moved = before.filter((target, partition) => target !== after[partition]).length;
  expect(moved).toBeLessThanOrEqual(8);
});

test('[90] a node that does not read the format of a partition is not in its order', () => {
  const old = { nodeId: 'old', newestFormat: 1 };
  const young = { nodeId: 'young', newestFormat: 2 };
  const orders = placePartitions([1, 2, 3, 2], [old, young]);
  expect(orders[1]).toEqual(['young']);
  expect(orders[2]).toEqual([]);
  expect(orders[3]).toEqual(['young']);
  expect(orders[0]).toHaveLength(2);
});

test('without a node no partition has a place', () => {
  expect(placePartitions([1, 1], [])).toEqual([[], []]);
});
