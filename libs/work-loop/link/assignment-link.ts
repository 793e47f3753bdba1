import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { LeaseRef } from '#gen/millrace/state/v1/lease_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import type { Assignment, CancelNotice, HistoryChunk, WorkRejection } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { HeldItem } from '#gen/millrace/state/v1/work_up_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { FrameLine } from '../frames/frame-line.ts';
import type { RecordFrame, SettleFrame } from '../frames/item-frame.ts';
import type { SendBudget } from '../frames/send-budget.ts';
import { type BackOffOptions, backOffMs } from '../stream/back-off.ts';
import { reasonFromProto } from '../values/reason.ts';
import { refusalOf } from './refusal.ts';
import { type RecordOwner, SentFrames, type SentRecord } from './sent-frames.ts';

/** Whoever works on an assignment hears of it. */
export interface AssignmentHolder {
  /** The last event that it knows, for the server to hear on another stream. 0: none. */
  readonly knownSequence: number;
  /** Something came for the run, whose last event with it is `lastSequence`. */
  woken(events: readonly Event[], lastSequence: number): void;
  /** Events that were asked for. */
  recalled(chunk: HistoryChunk): void;
  /** A cancel, a pause or a step that timed out; an abort comes as `lost`. */
  noticed(notice: CancelNotice): void;
  /** The assignment goes on over another stream. These records are durable, although nobody was told; so is this event. */
  moved(durable: readonly SentRecord[], lastSequence: number): void;
  /** The assignment is over, as its holder wanted it. */
  settled(lastSequence: number): void;
  /** The assignment is over: it is somebody else's, or the run has ended. */
  lost(error: DomainError): void;
  /** A frame was refused for good; what was not acknowledged is dropped. The holder settles. */
  refused(error: DomainError): void;
}

/** What links share. */
export interface LinkOptions {
  readonly budget: SendBudget;
  /** Records of one assignment that may be unacknowledged. */
  readonly maxUnacknowledged: number;
  /** The pauses before refused frames are sent again. */
  readonly mending: BackOffOptions;
  readonly random: () => number;
  /** The link is over: its slot is free. */
  readonly onOver: (link: AssignmentLink) => void;
}

/** After so many pauses without an acknowledgement, what may not help is given up. */
const MAX_MENDS = 8;

const MAX_SILENT_LOOKS = 2;

/**
 * A worker's side of one assignment: its frames are kept, in order, until they are acknowledged, and sent again where that
 * is needed.
 *
 * - open: frames go out at once over the stream;
 * - mending: a frame was refused for now; frames wait until all of them are sent again;
 * - detached: the stream has ended, or another one takes over; frames wait until that one says what is durable;
 * - over: settled or lost; what is still sent is dropped.
 */
export class AssignmentLink {
  readonly assignment: Assignment;
  readonly lease: LeaseRef;
  /** Whoever takes the assignment puts itself here before anything else comes. */
  holder: AssignmentHolder = NOBODY;
  readonly #options: LinkOptions;
  readonly #sent: SentFrames;
  #state: 'open' | 'mending' | 'detached' | 'over' = 'detached';
  #line: FrameLine | undefined;
  #handle = 0;
  #ordinal: number;
  #acknowledged: number;
  #resentOrdinal = 0;
  #settle: SettleFrame | undefined;
  #historyAfter: number | undefined;
  /** Waits to be given up that no stream was told of. */
  readonly #withdrawals: StepId[] = [];
  #mends = 0;
  /** How often in a row it was looked at without an answer in between. */
  #silentLooks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(assignment: Assignment, options: LinkOptions) {
    const { runId, incarnation, itemId, fence } = assignment;
    this.assignment = assignment;
    this.lease = { $typeName: 'millrace.state.v1.LeaseRef', runId, incarnation, itemId, fence };
    this.#ordinal = assignment.stepCount;
    this.#acknowledged = assignment.stepCount;
    this.#options = options;
    this.#sent = new SentFrames(options.budget);
  }

  /** What names it on the stream that it is on. */
  get handle(): number {
    return this.#handle;
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** The ordinal of the last record that was made. */
  get ordinal(): number {
    return this.#ordinal;
  }

  /** Records that are not acknowledged. */
  get unacknowledged(): number {
    return this.#sent.size;
  }

  /**
   * Sends a record; its handle and ordinal are filled in.
   *
   * @throws OVERLOADED when too many are unacknowledged.
   */
  record(frame: RecordFrame, owner: RecordOwner): void {
    if (this.#state === 'over') return;
    if (this.#sent.size >= this.#options.maxUnacknowledged) throw tooMany(this.#options.maxUnacknowledged);
    this.#ordinal += 1;
    frame.ordinal = this.#ordinal;
    this.#sent.push(frame, owner);
    if (this.#state === 'open') this.#send(frame);
  }

  /** Ends the assignment, after everything that was recorded. Only the first end counts. */
  settle(frame: SettleFrame): void {
    if (this.#state === 'over' || this.#settle !== undefined) return;
    this.#settle = frame;
    if (this.#state === 'open') this.#send(frame);
  }

  /** Asks for the events after this one; they come in chunks until the last. */
  recall(afterSequence: number): void {
    this.#historyAfter = afterSequence;
    if (this.#state === 'open') this.#sendRecall(afterSequence);
  }

  /** Says how an attempt goes. Without a stream it is dropped. */
  extend(details: Payload | undefined, step: StepId | undefined): void {
    if (this.#state !== 'open') return;
    this.#line?.add({ $typeName: 'millrace.state.v1.LeaseExtension', handle: this.#handle, details, step });
  }

  /** Gives waits up, now or once there is a stream. Nobody says whether it arrived: a wait that stays open does no harm. */
  withdraw(steps: readonly StepId[]): void {
    for (const step of steps) this.#withdrawals.push(step);
    if (this.#state === 'open') this.#sendWithdrawals();
  }

  /** The stream that it came by. */
  attach(line: FrameLine, handle: number): void {
    this.#line = line;
    this.#handle = handle;
    this.#state = 'open';
  }

  /** Nothing more goes over the stream that it is on. */
  detach(): void {
    if (this.#state === 'over') return;
    clearTimeout(this.#timer);
    this.#state = 'detached';
    this.#line = undefined;
  }

  /** Says on another stream, under this handle, what is held. */
  heldAs(handle: number): HeldItem {
    return {
      $typeName: 'millrace.state.v1.HeldItem',
      handle,
      lease: this.lease,
      lastSequence: BigInt(this.holder.knownSequence),
      ordinal: this.#acknowledged,
    };
  }

  /** The stream answers what is durable: what is not is sent again, in order, before anything new. */
  move(line: FrameLine, handle: number, ordinal: number, lastSequence: number): void {
    if (this.#state === 'over') return;
    const durable: SentRecord[] = [];
    for (let first = this.#sent.firstOrdinal; first <= ordinal; first = this.#sent.firstOrdinal) {
      const owner = this.#sent.shift();
      if (owner !== undefined) durable.push({ ordinal: first, owner });
    }
    if (ordinal > this.#acknowledged) this.#acknowledged = ordinal;
    clearTimeout(this.#timer);
    this.attach(line, handle);
    this.#sendAll();
    this.holder.moved(durable, lastSequence);
  }

  /**
   * Called every few seconds: what has had no answer since the last but one time is sent again, because whoever was to
   * answer may be gone although the stream is well. What was taken is acknowledged without effect.
   */
  look(): void {
    if (this.#state !== 'open' || (this.#sent.size === 0 && !this.#hasOther)) return;
    this.#silentLooks += 1;
    if (this.#silentLooks <= MAX_SILENT_LOOKS) return;
    this.#silentLooks = 0;
    this.#sendAll();
  }

  /** Everything up to the ordinal is durable. */
  acknowledge(ordinal: number, sequence: number, settled: boolean): void {
    if (this.#state === 'over') return;
    this.#silentLooks = 0;
    if (ordinal > this.#acknowledged) {
      this.#acknowledged = ordinal;
      this.#mends = 0;
    }
    for (let first = this.#sent.firstOrdinal; first <= ordinal; first = this.#sent.firstOrdinal) {
      // The number is that of the last record; one that was sent again may have been taken before.
      const isExact = first === ordinal && first > this.#resentOrdinal;
      this.#sent.shift()?.recorded(first, sequence, isExact);
    }
    if (settled) {
      this.#end();
      this.holder.settled(sequence);
    }
  }

  /** Events that were asked for. */
  recalled(chunk: HistoryChunk): void {
    if (this.#state === 'over') return;
    this.#silentLooks = 0;
    if (chunk.last) this.#historyAfter = undefined;
    this.holder.recalled(chunk);
  }

  /** A frame was refused. */
  reject({ ordinal, reason: number, message, metadata }: WorkRejection): void {
    if (this.#state === 'over' || this.#state === 'detached') return;
    this.#silentLooks = 0;
    const reason = reasonFromProto(number);
    const refusal = refusalOf(reason);
    if (refusal === 'lost') return this.lose(new DomainError(reason, message, { metadata }));
    // What follows a refused record is refused as well, and what was dropped for good does not matter any more.
    if (ordinal === 0 ? !this.#hasOther : ordinal < this.#sent.firstOrdinal) return;
    if (refusal === 'again' || (refusal === 'mend' && this.#mends < MAX_MENDS)) return this.#mend();
    this.#sent.clear();
    this.#settle = undefined;
    this.#historyAfter = undefined;
    this.#ordinal = this.#acknowledged;
    this.holder.refused(new DomainError(reason, message, { metadata }));
  }

  /** The assignment is somebody else's, or has ended. */
  lose(error: DomainError): void {
    if (this.#state === 'over') return;
    this.#end();
    this.holder.lost(error);
  }

  get #hasOther(): boolean {
    return this.#settle !== undefined || this.#historyAfter !== undefined;
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#state = 'over';
    this.#line = undefined;
    this.#sent.clear();
    this.#options.onOver(this);
  }

  #mend(): void {
    if (this.#state !== 'open') return;
    const { mending, random } = this.#options;
    this.#state = 'mending';
    this.#mends += 1;
    this.#timer = setTimeout(
      () => {
        this.#state = 'open';
        this.#sendAll();
      },
      backOffMs(mending, this.#mends, random()),
    );
  }

  #send(frame: RecordFrame | SettleFrame): void {
    frame.handle = this.#handle;
    this.#line?.add(frame);
  }

  #sendAll(): void {
    this.#resentOrdinal = this.#ordinal;
    this.#sent.forEach((frame) => this.#send(frame));
    if (this.#settle !== undefined) this.#send(this.#settle);
    if (this.#historyAfter !== undefined) this.#sendRecall(this.#historyAfter);
    this.#sendWithdrawals();
  }

  #sendWithdrawals(): void {
    for (const step of this.#withdrawals.splice(0)) {
      this.#line?.add({ $typeName: 'millrace.state.v1.WaitWithdrawal', handle: this.#handle, step });
    }
  }

  #sendRecall(afterSequence: number): void {
    this.#line?.add({
      $typeName: 'millrace.state.v1.HistoryRequest',
      handle: this.#handle,
      afterSequence: BigInt(afterSequence),
    });
  }
}

function tooMany(maximum: number): DomainError {
  return new DomainError('OVERLOADED', `an assignment has at most ${maximum} records that are not acknowledged`, {
    metadata: { limit: 'unacknowledged_records', maximum: String(maximum) },
  });
}

/** Holds an assignment that nobody works on. */
export const NOBODY: AssignmentHolder = {
  knownSequence: 0,
  woken: () => undefined,
  recalled: () => undefined,
  noticed: () => undefined,
  moved: () => undefined,
  settled: () => undefined,
  lost: () => undefined,
  refused: () => undefined,
};
