import { createByteReader, readVarint, take } from '#libs/engine/log/byte-reader.ts';
import { copyBytes } from '#libs/engine/log/copy-bytes.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import { type EventBytes, nextSequence } from './event-bytes.ts';
import { SEGMENT_BYTES, segmentLimit } from './segment.ts';

/** Bytes of the first piece of memory: a run of a step or two. */
const FIRST_BYTES = 1_024;
/** Bytes that tails share: first pieces of 32 runs. */
const SHARED_BYTES: number = 32 * FIRST_BYTES;
/** Below this it grows fourfold: memory outside the heap costs more to get than to have. */
const FAST_GROWTH_BYTES = 8_192;
/** Bytes that may stay unused behind the open events once rows cover them. */
const MAX_SPARE_BYTES = 4_096;
const NO_BYTES = new Uint8Array();

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
  return new OpenTail(firstSequence);
}

/** An object of a class, because there is one for each run in memory, and a dozen functions each would be most of it. */
class OpenTail implements Tail {
  #segments: EventBytes[] = [];
  /** The open events, and room behind them: what is added costs no memory of its own. */
  #open: Uint8Array = NO_BYTES;
  /** Whether the room is a part of what several tails share. */
  #isShared = false;
  #openBytes = 0;
  #openFrom: number;
  #next: number;
  #segmentBytes = 0;

  constructor(firstSequence: number) {
    this.#openFrom = firstSequence;
    this.#next = firstSequence;
  }

  get firstSequence(): number {
    return this.#segments[0]?.firstSequence ?? this.#openFrom;
  }

  get nextSequence(): number {
    return this.#next;
  }

  get byteLength(): number {
    return this.#segmentBytes + this.#openBytes;
  }

  get chunks(): readonly EventBytes[] {
    return this.#next === this.#openFrom ? [...this.#segments] : [...this.#segments, this.#openEvents()];
  }

  push({ firstSequence, count, bytes }: EventBytes): void {
    this.append(firstSequence, count, bytes, 0, bytes.length);
  }

  append(firstSequence: number, count: number, source: Uint8Array, from: number, to: number): void {
    if (firstSequence !== this.#next) {
      throw new LogError('NOT_NEXT', `events from ${firstSequence} came where ${this.#next} was to come`);
    }
    if (count === 0) return;
    this.#reserve(this.#openBytes + to - from);
    copyBytes(this.#open, this.#openBytes, source, from, to);
    this.#openBytes += to - from;
    this.#next = firstSequence + count;
  }

  closedSegments(): readonly EventBytes[] {
    this.#closeSegments();
    return this.#segments;
  }

  openEvents(): EventBytes {
    this.#closeSegments();
    return this.#openEvents();
  }

  dropBefore(sequence: number): void {
    const segments = this.#segments;
    if (segments.length > 0) {
      const from = segments.findIndex((segment) => nextSequence(segment) > sequence);
      const gone = segments.slice(0, from < 0 ? segments.length : from);
      for (const { bytes } of gone) this.#segmentBytes -= bytes.length;
      this.#segments = segments.slice(gone.length);
    }
    if (this.#isShared || this.#open.length - this.#openBytes > MAX_SPARE_BYTES) {
      this.#setOpen(this.#open.slice(0, this.#openBytes));
    }
  }

  #setOpen(bytes: Uint8Array): void {
    this.#open = bytes;
    this.#isShared = false;
  }

  #reserve(wanted: number): void {
    const { length } = this.#open;
    if (wanted <= length) return;
    if (length === 0 && wanted <= FIRST_BYTES) {
      this.#open = takeFirstBytes();
      this.#isShared = true;
      return;
    }
    const grown = new Uint8Array(Math.max(wanted, length * (length < FAST_GROWTH_BYTES ? 4 : 2)));
    copyBytes(grown, 0, this.#open, 0, this.#openBytes);
    this.#setOpen(grown);
  }

  /** Closes the segments that the open events fill; where they end has nothing to do with how they were added. */
  #closeSegments(): void {
    if (this.#next < segmentLimit(this.#openFrom) && this.#openBytes < SEGMENT_BYTES) return;
    const reader = createByteReader(this.#open.subarray(0, this.#openBytes));
    let start = 0;
    for (let place = this.#openFrom; place < this.#next; place += 1) {
      take(reader, readVarint(reader));
      if (place + 1 < segmentLimit(this.#openFrom) && reader.position - start < SEGMENT_BYTES) continue;
      const bytes = this.#open.slice(start, reader.position);
      this.#segments.push({ firstSequence: this.#openFrom, count: place + 1 - this.#openFrom, bytes });
      this.#segmentBytes += bytes.length;
      this.#openFrom = place + 1;
      start = reader.position;
    }
    this.#setOpen(this.#open.slice(start, this.#openBytes));
    this.#openBytes = this.#open.length;
  }

  #openEvents(): EventBytes {
    return {
      firstSequence: this.#openFrom,
      count: this.#next - this.#openFrom,
      bytes: this.#open.subarray(0, this.#openBytes),
    };
  }
}

let shared = new Uint8Array();
let sharedBytes = 0;

/** The first room of a tail is a part of what tails share: most runs end before they need more, or before they rest. */
function takeFirstBytes(): Uint8Array {
  if (sharedBytes + FIRST_BYTES > shared.length) {
    shared = new Uint8Array(SHARED_BYTES);
    sharedBytes = 0;
  }
  sharedBytes += FIRST_BYTES;
  return shared.subarray(sharedBytes - FIRST_BYTES, sharedBytes);
}
