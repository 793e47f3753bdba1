import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Event } from '#libs/engine/events/event.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import { decodeEvents, type EventBytes, joinEvents, nextSequence, splitEvents } from './event-bytes.ts';
import { firstOfHundred, SEGMENT_BYTES, segmentLimit, segmentNumber } from './segment.ts';
import { createTail, type Tail } from './tail.ts';
import { eventBytesOf } from './testing/history.ts';

const BASE = 1_800_000_000_000;

/** A log of events that have payloads of these sizes. A size below zero stands for a system record. */
function logOf(sizes: readonly number[]): EventBytes {
  let sequence = 0;
  const events = sizes.map((size): Event => {
    const eventTime = BASE + 5;
    if (size < 0) {
      const record = { kind: 'statusChanged', fromStatus: 'RUNNING', toStatus: 'PAUSED', reason: 'r' } as const;
      return { kind: 'systemRecord', record, sequence, eventTime };
    }
    sequence += 1;
    const data = { contentType: '', encodings: [], data: new Uint8Array(size).fill(sequence), ref: undefined };
    return { kind: 'clientEvent', type: 't', data, sourceTime: undefined, metadata: {}, sequence, eventTime };
  });
  return eventBytesOf(events, 1, BASE);
}

/** Cuts a log into chunks of these sizes, and what is left. */
function chunksOf(log: EventBytes, sizes: readonly number[]): readonly EventBytes[] {
  const chunks: EventBytes[] = [];
  let rest = log;
  for (const size of sizes) {
    if (rest.count === 0) break;
    const [chunk, others] = splitEvents(rest, rest.firstSequence + size);
    chunks.push({ ...chunk, bytes: chunk.bytes.slice() });
    rest = others;
  }
  return rest.count === 0 ? chunks : [...chunks, { ...rest, bytes: rest.bytes.slice() }];
}

/** Where events stand, and a hash of their bytes, which are too many to be compared one by one. */
function named({ firstSequence, count, bytes }: EventBytes): string {
  return `${firstSequence} + ${count}: ${createHash('sha1').update(bytes).digest('hex')}`;
}

function wholeOf(tail: Tail): EventBytes {
  return joinEvents([...tail.closedSegments(), tail.openEvents()], tail.firstSequence);
}

const smallLog = fc
  .integer({ min: 1, max: 450 })
  .map((count) => logOf(Array.from({ length: count }, (_, at) => at % 7)));
const mixedLog = fc
  .array(
    fc.oneof(
      { weight: 10, arbitrary: fc.nat(50) },
      { weight: 5, arbitrary: fc.constant(-1) },
      { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 300_000 }) },
    ),
    { minLength: 1, maxLength: 250, size: 'max' },
  )
  .map(logOf);
const cuts = fc.array(fc.integer({ min: 1, max: 130 }), { maxLength: 80, size: 'max' });

describe('a tail', () => {
  test('makes segments of exactly a hundred events, wherever its chunks begin and end', () => {
    fc.assert(
      fc.property(smallLog, cuts, (log, sizes) => {
        const tail = createTail(1);
        for (const chunk of chunksOf(log, sizes)) tail.push(chunk);
        const segments = tail.closedSegments();
        expect(segments.map(({ count }) => count)).toEqual(Array(Math.floor(log.count / 100)).fill(100));
        expect(segments.map(({ firstSequence }) => segmentNumber(firstSequence))).toEqual([...segments.keys()]);
        expect(named(wholeOf(tail))).toBe(named(log));
        expect(tail.byteLength).toBe(log.bytes.length);
        expect(tail.nextSequence).toBe(log.count + 1);
      }),
      { numRuns: 30 },
    );
  });

  test('makes the same segments of the same log for every owner, system records and large events in it too', () => {
    fc.assert(
      fc.property(mixedLog, cuts, cuts, fc.nat(), (log, firstSizes, secondSizes, drops) => {
        const once = createTail(1);
        for (const chunk of chunksOf(log, firstSizes)) once.push(chunk);
        const wanted = [...once.closedSegments()];
        const made = new Map<number, EventBytes>();
        const tail = createTail(1);
        chunksOf(log, secondSizes).forEach((chunk, at) => {
          tail.push(chunk);
          if ((drops >> (at % 30)) % 2 === 0) return;
          for (const segment of tail.closedSegments()) made.set(segment.firstSequence, segment);
          tail.dropBefore(tail.openEvents().firstSequence);
        });
        for (const segment of tail.closedSegments()) made.set(segment.firstSequence, segment);
        expect([...made.values()].map(named)).toEqual(wanted.map(named));
        const joined = joinEvents([...made.values(), tail.openEvents()], 1);
        expect(named(joined)).toBe(named(log));
        expect(decodeEvents(joined, BASE).length).toBe(log.count);
      }),
      { numRuns: 30 },
    );
  });

  test('closes a segment with the event that makes it large, and never holds more than one event beyond that', () => {
    fc.assert(
      fc.property(mixedLog, cuts, (log, sizes) => {
        const tail = createTail(1);
        for (const chunk of chunksOf(log, sizes)) tail.push(chunk);
        for (const segment of tail.closedSegments()) {
          const next = nextSequence(segment);
          const [allButLast] = splitEvents(segment, next - 1);
          expect(allButLast.bytes.length).toBeLessThan(SEGMENT_BYTES);
          expect(next === segmentLimit(segment.firstSequence) || segment.bytes.length >= SEGMENT_BYTES).toBe(true);
          expect(next).toBeLessThanOrEqual(segmentLimit(segment.firstSequence));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('goes on from any place that a segment begins with', () => {
    const log = logOf([...Array(30).fill(20_000), ...Array(100).fill(1)]);
    const whole = createTail(1);
    whole.push(log);
    for (const { firstSequence } of whole.closedSegments()) {
      const tail = createTail(firstSequence);
      tail.push(splitEvents(log, firstSequence)[1]);
      const segments = whole.closedSegments().filter((segment) => segment.firstSequence >= firstSequence);
      expect(tail.closedSegments().map(named)).toEqual(segments.map(named));
      expect(named(tail.openEvents())).toBe(named(whole.openEvents()));
    }
  });

  test('forgets nothing until it is told that it stands in rows, and only that', () => {
    const log = logOf(Array(350).fill(3));
    const tail = createTail(1);
    for (const chunk of chunksOf(log, Array(350).fill(1))) tail.push(chunk);
    expect(tail.closedSegments().length).toBe(3);
    expect(tail.firstSequence).toBe(1);
    expect(named(wholeOf(tail))).toBe(named(log));
    tail.dropBefore(201);
    expect(tail.firstSequence).toBe(201);
    expect(named(wholeOf(tail))).toBe(named(splitEvents(log, 201)[1]));
    tail.dropBefore(250);
    expect(tail.firstSequence).toBe(201);
    tail.dropBefore(10_000);
    expect(tail.firstSequence).toBe(301);
    expect(tail.chunks.length).toBe(1);
    expect(tail.byteLength).toBe(splitEvents(log, 301)[1].bytes.length);
  });

  test('keeps no memory of what was added to it, and little that it does not need', () => {
    const tail = createTail(1);
    const chunk = logOf(Array(1_010).fill(50));
    tail.push(chunk);
    const wanted = named(chunk);
    const before = tail.chunks;
    chunk.bytes.fill(0);
    expect(tail.closedSegments().length).toBe(10);
    tail.push({ ...splitEvents(logOf(Array(1_020).fill(50)), 1_011)[1] });
    tail.dropBefore(tail.nextSequence);
    expect(named(joinEvents(before, 1))).toBe(wanted);
    for (const { bytes } of tail.chunks) expect(bytes.buffer.byteLength - bytes.length).toBeLessThan(4_097);
  });

  test('refuses events that are not the next ones', () => {
    const tail = createTail(1);
    const log = logOf([1, 1, 1]);
    tail.push(splitEvents(log, 3)[0]);
    for (const wrong of [splitEvents(log, 3)[0], splitEvents(log, 2)[1], { ...log, firstSequence: 4 }]) {
      expect(() => tail.push(wrong)).toThrow(LogError);
    }
    tail.push(splitEvents(log, 3)[1]);
    expect(named(wholeOf(tail))).toBe(named(log));
  });
});

test('segment numbers are those of the hundreds, and no two segments have the same one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 1, max: 2 ** 31 }), (one, other) => {
      expect(firstOfHundred(one) % 100).toBe(1);
      expect(segmentNumber(firstOfHundred(one))).toBe(Math.floor((one - 1) / 100));
      expect(Number.isSafeInteger(segmentNumber(one))).toBe(true);
      expect(segmentNumber(one) === segmentNumber(other)).toBe(one === other);
    }),
  );
  expect([1, 2, 100, 101].map(segmentNumber)).toEqual([0, 2 ** 32, 99 * 2 ** 32, 1]);
});
