import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createByteReader } from '#libs/engine/log/byte-reader.ts';
import { createByteWriter, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { LogError, type LogErrorReason } from '#libs/engine/model/log-error.ts';
import type { PartitionEvent } from './partition-event.ts';
import { decodePartitionEvent, encodePartitionEvent } from './partition-event-codec.ts';
import { eventsByKind, partitionEvents } from './testing/partition-events.ts';

function bytesOf(...events: readonly PartitionEvent[]): Uint8Array {
  const writer = createByteWriter(4);
  for (const event of events) encodePartitionEvent(writer, event);
  return writtenBytes(writer).slice();
}

function reasonOf(action: () => unknown): LogErrorReason | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof LogError) return error.reason;
    throw error;
  }
  return undefined;
}

test.each(Object.entries(eventsByKind))(
  'an event of kind %s is the same after it was written and read',
  (_kind, events) => {
    fc.assert(
      fc.property(events as fc.Arbitrary<PartitionEvent>, (event) => {
        const reader = createByteReader(bytesOf(event));
        expect(decodePartitionEvent(reader)).toEqual(event);
        expect(reader.position).toBe(reader.end);
      }),
    );
  },
);

test('events that stand one after the other are read one after the other', () => {
  fc.assert(
    fc.property(fc.array(partitionEvents, { maxLength: 10 }), (events) => {
      const reader = createByteReader(bytesOf(...events));
      const read: PartitionEvent[] = [];
      while (reader.position < reader.end) read.push(decodePartitionEvent(reader));
      expect(read).toEqual(events);
    }),
  );
});

test('kinds keep their numbers', () => {
  const numbers = Object.values(eventsByKind).map((events) => {
    const [event] = fc.sample(events as fc.Arbitrary<PartitionEvent>, { seed: 1, numRuns: 1 });
    return event === undefined ? undefined : bytesOf(event)[0];
  });
  expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test('what is kept of an event keeps no memory of the record that it was read from', () => {
  const page = Buffer.alloc(100_000);
  const data = Uint8Array.of(1, 2);
  const events: readonly PartitionEvent[] = [
    { kind: 'messageQueued', targetPartition: 1, number: 1, body: data },
    {
      kind: 'requestAnswered',
      tenantId: 't',
      runId: 'r',
      rpc: 'x',
      requestId: 'y',
      argumentsHash: data,
      reply: data,
      expireTime: 1,
    },
    {
      kind: 'signalUnborn',
      tenantId: 't',
      runId: 'r',
      name: 'n',
      signalId: '',
      payload: { contentType: '', encodings: [], data, ref: { sha256: data, size: 2 } },
      sendTime: 1,
      expireTime: 2,
    },
  ];
  const bytes = bytesOf(...events);
  page.set(bytes, 50);
  const reader = createByteReader(page.subarray(50, 50 + bytes.length));
  const read = events.map(() => decodePartitionEvent(reader));
  expect(read).toEqual(events);
  page.fill(0);
  expect(read).toEqual(events);
});

describe('[8] an event', () => {
  test('of an unknown kind is a named error, and the reader stands behind it', () => {
    const [event] = fc.sample(eventsByKind.runDeleted, { seed: 1, numRuns: 1 });
    if (event === undefined) throw new TypeError('no event');
    const bytes = bytesOf(event, event);
    bytes[0] = 77;
    const reader = createByteReader(bytes);
    expect(reasonOf(() => decodePartitionEvent(reader))).toBe('UNKNOWN_KIND');
    expect(decodePartitionEvent(reader)).toEqual(event);
  });

  test('with fields that a newer release added is read without them', () => {
    const bytes = bytesOf({ kind: 'messageApplied', sourcePartition: 3, number: 4 });
    const longer = Uint8Array.from([...bytes, 9, 9]);
    longer[1] = (longer[1] ?? 0) + 2;
    const reader = createByteReader(longer);
    expect(decodePartitionEvent(reader)).toEqual({ kind: 'messageApplied', sourcePartition: 3, number: 4 });
    expect(reader.position).toBe(reader.end);
  });

  test('that is cut anywhere, or whose length cuts it, is a named error', () => {
    fc.assert(
      fc.property(partitionEvents, (event) => {
        const bytes = bytesOf(event);
        for (let size = 0; size < bytes.length; size += 1) {
          expect(reasonOf(() => decodePartitionEvent(createByteReader(bytes.subarray(0, size))))).toBe('TRUNCATED');
        }
        fc.pre(bytes.length < 128);
        bytes[1] = (bytes[1] ?? 0) - 1;
        expect(reasonOf(() => decodePartitionEvent(createByteReader(bytes)))).toBe('TRUNCATED');
      }),
      { numRuns: 50 },
    );
  });

  test('at random is a named error or an event, never a crash', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.uint8Array({ maxLength: 80 }), (kind, fields) => {
        reasonOf(() => decodePartitionEvent(createByteReader(Uint8Array.from([kind, fields.length, ...fields]))));
      }),
      { numRuns: 2_000 },
    );
  });
});
