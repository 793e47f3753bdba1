import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { maybeRecord } from './describe-event.ts';

/**
 * How much of a log has reached an execution. Its own records are acknowledged by their number, and what comes from outside
 * is sent once; both come in the order of the log.
 *
 * - current: what comes next comes by itself;
 * - behind: something may be missing, all that follows was asked for, and what comes by itself meanwhile only says how far
 *   the log goes.
 */
export class LogPosition {
  readonly #recall: (afterSequence: number) => void;
  #heard = 0;
  #records = 0;
  #target = 0;
  #isBehind = false;
  #again: number | undefined;
  #lacked = 0;
  /** Events after this one may have been passed over unseen, because an acknowledgement told of a later one. */
  #unseenAfter = Number.POSITIVE_INFINITY;

  /** `recall` asks for the events after one. */
  constructor(recall: (afterSequence: number) => void) {
    this.#recall = recall;
  }

  /** Everything up to this event has been heard of. */
  get heard(): number {
    return this.#heard;
  }

  get isBehind(): boolean {
    return this.#isBehind;
  }

  /**
   * A record was acknowledged with the run's last event. Answers whether it was the next thing in the log; where it was
   * not, the log is asked, unless its event has come that way already. A wait may have been answered in the same commit:
   * then that event is still to come.
   */
  acknowledge(ordinal: number, sequence: number, isExact: boolean, mayBringNews: boolean): boolean {
    if (ordinal <= this.#records) return false;
    if (this.#isBehind || (!isExact && sequence > this.#heard + 1)) {
      this.expect(sequence);
      return false;
    }
    this.#records = ordinal;
    const reached = mayBringNews ? sequence - 1 : sequence;
    // What came between two records and is no news by itself, as a signal that nobody waits for, is read when it matters.
    const isNext = mayBringNews ? reached <= this.#heard : reached <= this.#heard + 1;
    if (!isNext) this.#unseenAfter = Math.min(this.#unseenAfter, this.#heard);
    this.reach(reached);
    return true;
  }

  /** Takes an event. Answers whether it is news. */
  take(event: Event): boolean {
    const sequence = Number(event.sequence);
    const ordinal = maybeRecord(event.kind)?.ordinal;
    const isNew = ordinal === undefined ? sequence > this.#heard : ordinal > this.#records;
    if (isNew && ordinal !== undefined) this.#records = ordinal;
    this.reach(sequence);
    return isNew;
  }

  /** There is nothing before this event that has not been heard of. */
  reach(sequence: number): void {
    if (sequence > this.#heard) this.#heard = sequence;
  }

  /** The log goes up to this event, and what is before it has to be asked for, from `after` on where that is earlier. */
  expect(sequence: number, after: number = this.#heard): void {
    if (sequence > this.#target) this.#target = sequence;
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.#recall(Math.min(after, this.#heard, this.#unseenAfter));
    this.#unseenAfter = Number.POSITIVE_INFINITY;
  }

  /** Whether what is still to come of what was asked for is of no use. */
  get isLacking(): boolean {
    return this.#again !== undefined;
  }

  /**
   * What was asked for is not enough: all from this event on is asked for once the rest of it has come. Answers false when
   * that was done before and did not help.
   */
  lack(sequence: number): boolean {
    if (sequence === this.#lacked) return false;
    this.#lacked = sequence;
    this.#again = sequence - 1;
    return true;
  }

  /** The last chunk of what was asked for is here. */
  onLast(): void {
    const again = this.#again;
    this.#again = undefined;
    this.#isBehind = false;
    if (this.#heard < this.#target || again !== undefined) this.expect(this.#target, again);
  }
}
