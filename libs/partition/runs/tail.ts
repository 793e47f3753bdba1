import { createByteReader, readVarint, take } from '#libs/engine/log/byte-reader.ts';
import { copyBytes } from '#libs/engine/log/copy-bytes.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import { type EventBytes, nextSequence } from './event-bytes.ts';
import { SEGMENT_BYTES, segmentLimit } from './segment.ts';

/** Bytes of the first piece of memory: the start of a run and a step or two. */
const FIRST_BYTES = 512;
/** Below this it grows fourfold: memory outside the heap costs more to get than to have. */
const FAST_GROWTH_BYTES = 8_192;
/** Bytes that may stay unused behind the open events once rows cover them. */
const MAX_SPARE_BYTES = 4_096;

/**
 * The end of the log of a run that is in memory, from the beginning of a segment whose row does not stand for good: what
 * its next rows are made of. Nothing of it is forgotten before `dropBefore` says that it stands in rows. What it answers
 * are views that do not change, whatever comes later. All numbers are places in the log.
 */
export interface Tail {
  /** The place of the first entry that is here, or of the next one when there is none. */
  readonly firstSequence: number;
  /** The place that the next entry gets. */
  readonly nextSequence: number;
  readonly byteLength: number;
  /** Everything, in a few chunks that follow each other. */
  readonly chunks: readonly EventBytes[];
  /**
   * Adds a copy of what was just appended.
   *
   * @throws LogError NOT_NEXT when something is missing before it, or it is here already.
   */
  push(chunk: EventBytes): void;
  /** As `push`, of a part of scratch space. */
  append(firstSequence: number, count: number, source: Uint8Array, from: number, to: number): void;
  /** The closed segments, oldest first. */
  closedSegments(): readonly EventBytes[];
  /** The events of the segment that is not closed yet; there may be none. */
  openEvents(): EventBytes;
  /** Forgets the closed segments before a place, because they stand in rows. */
  dropBefore(sequence: number): void;
}

/** A tail that begins at a place, with which a segment begins. */
export function createTail(firstSequence: number): Tail {
  let segments: EventBytes[] = [];
  /** The open events, and room behind them: what is added costs no memory of its own. */
  let open = new Uint8Array();
  let openBytes = 0;
  let openFrom = firstSequence;
  let next = firstSequence;
  let segmentBytes = 0;

  function reserve(wanted: number): void {
    if (wanted <= open.length) return;
    const grown = new Uint8Array(
      Math.max(wanted, open.length * (open.length < FAST_GROWTH_BYTES ? 4 : 2), FIRST_BYTES),
    );
    grown.set(open.subarray(0, openBytes));
    open = grown;
  }

  function append(firstSequence: number, count: number, source: Uint8Array, from: number, to: number): void {
    if (firstSequence !== next) {
      throw new LogError('NOT_NEXT', `events from ${firstSequence} came where ${next} was to come`);
    }
    if (count === 0) return;
    reserve(openBytes + to - from);
    copyBytes(open, openBytes, source, from, to);
    openBytes += to - from;
    next = firstSequence + count;
  }

  /** Closes the segments that the open events fill; where they end has nothing to do with how they were added. */
  function closeSegments(): void {
    if (next < segmentLimit(openFrom) && openBytes < SEGMENT_BYTES) return;
    const reader = createByteReader(open.subarray(0, openBytes));
    let start = 0;
    for (let place = openFrom; place < next; place += 1) {
      take(reader, readVarint(reader));
      if (place + 1 < segmentLimit(openFrom) && reader.position - start < SEGMENT_BYTES) continue;
      const bytes = open.slice(start, reader.position);
      segments.push({ firstSequence: openFrom, count: place + 1 - openFrom, bytes });
      segmentBytes += bytes.length;
      openFrom = place + 1;
      start = reader.position;
    }
    open = open.slice(start, openBytes);
    openBytes = open.length;
  }

  function openEvents(): EventBytes {
    return { firstSequence: openFrom, count: next - openFrom, bytes: open.subarray(0, openBytes) };
  }

  return {
    get firstSequence() {
      return segments[0]?.firstSequence ?? openFrom;
    },
    get nextSequence() {
      return next;
    },
    get byteLength() {
      return segmentBytes + openBytes;
    },
    get chunks() {
      return next === openFrom ? [...segments] : [...segments, openEvents()];
    },
    push: ({ firstSequence, count, bytes }) => append(firstSequence, count, bytes, 0, bytes.length),
    append,
    closedSegments: () => {
      closeSegments();
      return segments;
    },
    openEvents: () => {
      closeSegments();
      return openEvents();
    },
    dropBefore: (sequence) => {
      if (segments.length > 0) {
        const from = segments.findIndex((segment) => nextSequence(segment) > sequence);
        const gone = segments.slice(0, from < 0 ? segments.length : from);
        for (const { bytes } of gone) segmentBytes -= bytes.length;
        segments = segments.slice(gone.length);
      }
      if (open.length - openBytes > MAX_SPARE_BYTES) open = open.slice(0, openBytes);
    },
  };
}
