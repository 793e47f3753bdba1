import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import type { Clock } from '#libs/partition/timers/clock.ts';
import type { RecordFrame } from '../frames/item-frame.ts';
import type { SendBudget } from '../frames/send-budget.ts';
import type { RecordOwner } from '../link/sent-frames.ts';
import { stepKey } from '../values/step-key.ts';
import type { RunFacts } from './function-run.ts';

/** What the calls of a function need of its execution. */
export interface CallHost {
  readonly facts: RunFacts;
  readonly budget: SendBudget;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether something new may be begun. */
  readonly mayBegin: boolean;
  /** Calls that are active. */
  activeCount: number;
  /** Sends a record of a call. */
  record(frame: RecordFrame, call: Call): void;
  /** A record of a call is durable. */
  recorded(call: Call, ordinal: number, sequence: number, isExact: boolean): void;
  extend(details: Payload | undefined, step: StepId): void;
  /** A call is done. */
  forget(call: Call): void;
  /** A call waits from now on: perhaps all of them do. */
  rested(): void;
}

/** An event of a kind that calls know. */
export type EventKind = Event['kind'];

/** What names a call in the log. */
export interface CallName {
  readonly scope: string;
  readonly name: string;
  readonly occurrence: number;
}

/**
 * Something that a function awaits.
 *
 * - made: the function asked for it; it is either in the log, further on, or begun once the log is at its end;
 * - active: code of it runs, or a record of it is on its way;
 * - waiting: for the server, or for a time;
 * - done: given to the function, or withdrawn because the run was cancelled.
 */
export abstract class Call implements RecordOwner {
  readonly host: CallHost;
  readonly scope: string;
  readonly name: string;
  readonly occurrence: number;
  readonly key: string;
  state: 'made' | 'active' | 'waiting' | 'done' = 'made';
  /** Whether the function awaits it. One that it does not await is never withdrawn: its record alone matters. */
  readonly isAwaited: boolean = true;
  /** What it waits for may be there in the commit of its record. */
  readonly mayBringNews: boolean = false;
  /** Until when it waits, in monotonic time; Infinity where nobody knows. */
  dueTime: number = Number.POSITIVE_INFINITY;

  constructor(host: CallHost, { scope, name, occurrence }: CallName) {
    this.host = host;
    this.scope = scope;
    this.name = name;
    this.occurrence = occurrence;
    this.key = stepKey(scope, name, occurrence);
  }

  /** What it is, for people. */
  abstract readonly what: string;
  /** Begins it, or goes on with it: the log has nothing more of it. */
  abstract begin(): void;
  /** Its record is durable. Answers whether it was given to the function. */
  abstract onRecorded(sequence: number): boolean;
  /** Whether an event is a record of such a call. */
  abstract isRecord(kind: EventKind): boolean;
  /** Follows an event about it: a record of its own, or what came of it. Answers whether it was given. */
  abstract follow(kind: EventKind, sequence: number, event: Event): boolean;
  /** Throws into the function what it does not wait for any more. */
  protected abstract throwInto(error: Error): void;

  recorded(ordinal: number, sequence: number, isExact: boolean): void {
    this.host.recorded(this, ordinal, sequence, isExact);
  }

  /** The run is cancelled or a limit is met: the function gets the error instead. */
  withdraw(error: Error): void {
    this.discard(error);
    this.throwInto(error);
  }

  /** The function is not called any more: it is never told. */
  discard(reason: Error): void {
    this.putAside(reason);
    this.become('done');
  }

  /** Nothing is begun by itself any more; what runs should end. */
  putAside(_reason: Error): void {}

  /** Names it in a frame or an event. */
  get id(): StepId {
    const { scope, name, occurrence } = this;
    return { $typeName: 'millrace.state.v1.StepId', scope, name, occurrence };
  }

  protected become(state: Call['state']): void {
    if (this.state === 'active') this.host.activeCount -= 1;
    if (state === 'active') this.host.activeCount += 1;
    this.state = state;
    if (state === 'waiting') this.host.rested();
  }

  /** It is given to the function now. */
  protected finish(): void {
    this.become('done');
    this.host.forget(this);
  }
}
