import type { Event } from '#libs/engine/events/event.ts';
import { createByteReader, readVarint, take } from '#libs/engine/log/byte-reader.ts';
import { decodeEvent } from '#libs/engine/log/event-codec.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import { copyBytes } from './own-bytes.ts';

/**
 * Entries of the log of one incarnation as they stand in the journal and in segments: one after the other, without gaps.
 *
 * They are counted by their place in the log: 1, 2, 3, … Of a SERVER run the place of an event is its own number. Of a
 * CLIENT run system records take places too, so that the number of an event is lower than its place once there was one.
 */
export interface EventBytes {
  /** The place of the first one. */
  readonly firstSequence: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The place after the last one. */
export function nextSequence({ firstSequence, count }: EventBytes): number {
  return firstSequence + count;
}

/**
 * Reads the events. Bytes of payloads are views into what is read.
 *
 * @throws LogError: TRUNCATED when there are fewer than it says, MALFORMED when there are more, INCONSISTENT when their
 * numbers are not the next ones, and what `decodeEvent` throws.
 */
export function decodeEvents({ firstSequence, count, bytes }: EventBytes, baseTime: number): readonly Event[] {
  const reader = createByteReader(bytes);
  const events: Event[] = [];
  let last: number | undefined;
  for (let index = 0; index < count; index += 1) {
    const event = decodeEvent(reader, baseTime);
    assertNext(event, firstSequence + index, last);
    last = event.sequence;
    events.push(event);
  }
  if (reader.position !== reader.end) {
    throw new LogError('MALFORMED', `${reader.end - reader.position} bytes follow ${count} events`);
  }
  return events;
}

/**
 * Refuses an event whose number cannot stand at its place, or after the number before it, where that is known.
 *
 * @throws LogError INCONSISTENT.
 */
export function assertNext({ kind, sequence }: Event, place: number, last: number | undefined): void {
  const step = kind === 'systemRecord' ? 0 : 1;
  const isNext = last === undefined ? sequence >= step && sequence - step < place : sequence === last + step;
  if (!isNext) throw new LogError('INCONSISTENT', `event ${sequence} stands at place ${place} of a log`);
}

/**
 * How many events bytes hold, whatever they are.
 *
 * @throws LogError TRUNCATED when the last one is cut.
 */
export function countEvents(bytes: Uint8Array): number {
  const reader = createByteReader(bytes);
  let count = 0;
  for (; reader.position < reader.end; count += 1) take(reader, readVarint(reader));
  return count;
}

/**
 * Cuts before a place; each part is a view.
 *
 * @throws LogError TRUNCATED when there are fewer events than it says.
 */
export function splitEvents(events: EventBytes, sequence: number): readonly [before: EventBytes, after: EventBytes] {
  const { firstSequence, count, bytes } = events;
  const before = Math.min(Math.max(sequence - firstSequence, 0), count);
  const reader = createByteReader(bytes);
  for (let passed = 0; passed < before; passed += 1) take(reader, readVarint(reader));
  return [
    { firstSequence, count: before, bytes: bytes.subarray(0, reader.position) },
    { firstSequence: firstSequence + before, count: count - before, bytes: bytes.subarray(reader.position) },
  ];
}

/** Chunks that follow each other as one piece in memory of its own; `firstSequence` names the place when there is none. */
export function joinEvents(chunks: readonly EventBytes[], firstSequence: number): EventBytes {
  let count = 0;
  let size = 0;
  for (const chunk of chunks) {
    count += chunk.count;
    size += chunk.bytes.length;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.bytes, at);
    at += chunk.bytes.length;
  }
  return { firstSequence, count, bytes };
}

/** The same events in memory of their own. */
export function copyEvents(events: EventBytes): EventBytes {
  return { ...events, bytes: copyBytes(events.bytes) };
}
