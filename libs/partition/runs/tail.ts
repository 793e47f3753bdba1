import { createByteReader, readVarint, take } from '#libs/engine/log/byte-reader.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import { copyEvents, type EventBytes, joinEvents, nextSequence } from './event-bytes.ts';
import { SEGMENT_BYTES, segmentLimit } from './segment.ts';

/** How many chunks of the open segment are left as they are; more are packed into one when rows cover the run. */
const MAX_LOOSE_CHUNKS = 8;

/**
 * The end of the log of a run that is in memory, from the beginning of a segment whose row does not stand for good: what
 * its next rows are made of. Chunks follow each other without a gap, and nothing of them is forgotten before `dropBefore`
 * says that it stands in rows. All numbers are places in the log.
 */
export interface Tail {
  /** The place of the first entry that is here, or of the next one when there is none. */
  readonly firstSequence: number;
  /** The place that the next entry gets. */
  readonly nextSequence: number;
  readonly byteLength: number;
  /** All chunks, in order. */
  readonly chunks: readonly EventBytes[];
  /** Where the segment begins that is not closed yet. */
  readonly openFrom: number;
  /**
   * Adds what was just appended, in memory of its own.
   *
   * @throws LogError NOT_NEXT when something is missing before it, or it is here already.
   */
  push(chunk: EventBytes): void;
  /** The closed segments, oldest first, each of them one chunk. */
  closedSegments(): readonly EventBytes[];
  /** The chunks of the segment that is not closed yet. */
  openChunks(): readonly EventBytes[];
  /** Forgets the closed segments before a place, because they stand in rows. */
  dropBefore(sequence: number): void;
}

/** A tail that begins at a place, with which a segment begins. */
export function createTail(firstSequence: number): Tail {
  let segments: EventBytes[] = [];
  let open: EventBytes[] = [];
  let openFrom = firstSequence;
  let openBytes = 0;
  let next = firstSequence;
  let byteLength = 0;

  /** Closes the segments that the open chunks fill; where they end has nothing to do with where chunks do. */
  function closeSegments(): void {
    if (next < segmentLimit(openFrom) && openBytes < SEGMENT_BYTES) return;
    const chunks = open;
    open = [];
    openBytes = 0;
    let limit = segmentLimit(openFrom);
    for (const chunk of chunks) {
      const reader = createByteReader(chunk.bytes);
      const end = nextSequence(chunk);
      let from = chunk.firstSequence;
      let start = 0;
      for (let place = from; place < end; place += 1) {
        take(reader, readVarint(reader));
        if (place + 1 < limit && openBytes + reader.position - start < SEGMENT_BYTES) continue;
        const bytes = chunk.bytes.subarray(start, reader.position);
        segments.push(joinEvents([...open, { firstSequence: from, count: place + 1 - from, bytes }], openFrom));
        open = [];
        openBytes = 0;
        openFrom = place + 1;
        limit = segmentLimit(openFrom);
        from = openFrom;
        start = reader.position;
      }
      if (from === end) continue;
      // A view of what is left would keep the whole chunk in memory.
      open.push(
        start === 0
          ? chunk
          : copyEvents({ firstSequence: from, count: end - from, bytes: chunk.bytes.subarray(start) }),
      );
      openBytes += chunk.bytes.length - start;
    }
  }

  return {
    get firstSequence() {
      return segments[0]?.firstSequence ?? openFrom;
    },
    get nextSequence() {
      return next;
    },
    get byteLength() {
      return byteLength;
    },
    get chunks() {
      return segments.length === 0 ? open : [...segments, ...open];
    },
    get openFrom() {
      closeSegments();
      return openFrom;
    },
    push: (chunk) => {
      if (chunk.firstSequence !== next) {
        throw new LogError('NOT_NEXT', `events from ${chunk.firstSequence} came where ${next} was to come`);
      }
      if (chunk.count === 0) return;
      open.push(chunk);
      openBytes += chunk.bytes.length;
      byteLength += chunk.bytes.length;
      next = nextSequence(chunk);
    },
    closedSegments: () => {
      closeSegments();
      return segments;
    },
    openChunks: () => {
      closeSegments();
      return open;
    },
    dropBefore: (sequence) => {
      if (segments.length > 0) {
        const from = segments.findIndex((segment) => nextSequence(segment) > sequence);
        const gone = from < 0 ? segments : segments.slice(0, from);
        for (const { bytes } of gone) byteLength -= bytes.length;
        segments = segments.slice(gone.length);
      }
      if (open.length > MAX_LOOSE_CHUNKS) open = [joinEvents(open, openFrom)];
    },
  };
}
