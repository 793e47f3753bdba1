import { frameBytes, type RecordFrame } from '../frames/item-frame.ts';
import type { SendBudget } from '../frames/send-budget.ts';

/** Whoever made a record. */
export interface RecordOwner {
  /**
   * The record with this ordinal is durable. `sequence` is the run's last event with it; where it is not exact, the event
   * may be a later one.
   */
  recorded(ordinal: number, sequence: number, isExact: boolean): void;
}

/** A record that was sent. */
export interface SentRecord {
  readonly ordinal: number;
  readonly owner: RecordOwner;
}

/** Records that were sent and are not acknowledged, in the order of their ordinals. */
export class SentFrames {
  readonly #budget: SendBudget;
  #frames: RecordFrame[] = [];
  #owners: RecordOwner[] = [];
  #head = 0;

  constructor(budget: SendBudget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#frames.length - this.#head;
  }

  /** The ordinal of the oldest one; Infinity for none. */
  get firstOrdinal(): number {
    return this.#frames[this.#head]?.ordinal ?? Number.POSITIVE_INFINITY;
  }

  push(frame: RecordFrame, owner: RecordOwner): void {
    this.#frames.push(frame);
    this.#owners.push(owner);
    this.#budget.add(frameBytes(frame));
  }

  /** Takes the oldest one out and answers whose it was. */
  shift(): RecordOwner | undefined {
    const frame = this.#frames[this.#head];
    const owner = this.#owners[this.#head];
    if (frame === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#frames.length) {
      this.#frames.length = 0;
      this.#owners.length = 0;
      this.#head = 0;
    } else if (this.#head >= COMPACT_AT) {
      this.#frames = this.#frames.slice(this.#head);
      this.#owners = this.#owners.slice(this.#head);
      this.#head = 0;
    }
    this.#budget.free(frameBytes(frame));
    return owner;
  }

  clear(): void {
    while (this.shift() !== undefined);
  }

  forEach(visit: (frame: RecordFrame) => void): void {
    for (let at = this.#head; at < this.#frames.length; at += 1) {
      const frame = this.#frames[at];
      if (frame !== undefined) visit(frame);
    }
  }
}

/** Frames that are done with are let go of once they are so many. */
const COMPACT_AT = 1_024;
