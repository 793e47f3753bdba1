import { expect, test } from 'vitest';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { packWrites, unpackWrites } from './packed-writes.ts';

const KEY = { tenantId: 'tenant', runId: 'run', incarnation: '0190' } as const;
const memory = Uint8Array.from({ length: 100 }, (_, index) => index);
const head = {
  ...KEY,
  workflow: 'order',
  version: '1',
  status: 'RUNNING',
  startTime: 5,
  attributes: {},
  body: memory.subarray(10, 20),
} as const;

/** One of each table, the fields that may be absent once there and once not. */
const puts: readonly RowWrite[] = [
  { table: 'heads', put: head, isNew: false },
  {
    table: 'heads',
    put: {
      ...head,
      closeTime: 6,
      nextWakeTime: 0,
      expireTime: 8,
      attributes: {
        size: { type: 'integer', value: -(2n ** 63n) },
        rate: { type: 'double', value: Number.NaN },
        tags: { type: 'keyword_list', value: ['a', 'b'] },
      },
      body: new Uint8Array(0),
    },
    isNew: true,
  },
  { table: 'pastHeads', put: { ...KEY, expireTime: 7, body: memory.subarray(0, 1) }, isNew: false },
  { table: 'segments', put: { ...KEY, segment: 3, body: memory }, isNew: false },
  { table: 'snapshots', put: { ...KEY, version: 4, body: memory.subarray(99) }, isNew: false },
  {
    table: 'items',
    put: {
      ...KEY,
      itemId: 'item',
      queue: 'default',
      tagSet: '',
      priority: -1,
      state: { kind: 'leased', until: undefined },
      body: memory.subarray(1, 2),
    },
    isNew: false,
  },
  { table: 'signals', put: { ...KEY, name: 'paid', order: 1, body: memory.subarray(2, 4) }, isNew: false },
  {
    table: 'deadLetters',
    put: { ...KEY, itemId: 'item', deadLetterId: 'dead', queue: 'q', deadTime: 9, body: memory.subarray(4, 5) },
    isNew: false,
  },
  {
    table: 'outbox',
    put: { sourcePartition: 0, targetPartition: 1, number: 2, body: memory.subarray(5, 6) },
    isNew: false,
  },
  {
    table: 'requestIds',
    put: { tenantId: 'tenant', runId: 'run', rpc: 'StartRun', requestId: 'r', expireTime: 1, body: memory.subarray(7) },
    isNew: false,
  },
];

const deletes: readonly RowWrite[] = [
  { table: 'heads', delete: { tenantId: 'tenant', runId: 'run' } },
  { table: 'segments', delete: { ...KEY, segment: 3 } },
  { table: 'outbox', delete: { sourcePartition: 0, targetPartition: 1, number: 2 } },
];

test('writes of every table come back as they were, in their order', () => {
  const writes = puts.flatMap((put, index) => [put, ...deletes.slice(index, index + 1)]);
  expect(unpackWrites(packWrites(writes))).toEqual(writes);
  expect(unpackWrites(structuredClone(packWrites(writes)))).toEqual(writes);
  expect(unpackWrites(packWrites([]))).toEqual([]);
});

test('bodies are copied, and none takes along the memory that it is a part of', () => {
  const { bodies } = packWrites([{ table: 'heads', put: head }]);
  expect(bodies.buffer.byteLength).toBe(10);
  expect(bodies).toEqual(head.body);
  expect(bodies.buffer).not.toBe(memory.buffer);
});
