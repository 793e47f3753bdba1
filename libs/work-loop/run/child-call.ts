import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { ChildEnded, ChildRejected, ChildStarted } from '#gen/millrace/state/v1/wait_events_pb.ts';
import type { ChildStart } from '#gen/millrace/state/v1/work_up_pb.ts';
import { Call, type CallHost, type CallName, type EventKind } from './call.ts';
import { childOutcome, childRejection } from './child-outcome.ts';
import type { StartedChild } from './function-run.ts';

/** How the function is told of its child: of its start, or of its end. */
export type ChildGiven =
  | { readonly of: 'start'; readonly resolve: (child: StartedChild) => void }
  | { readonly of: 'end'; readonly resolve: (output: Payload | undefined) => void };

/** A child that is started. */
export class ChildCall extends Call {
  readonly what = 'child';
  readonly #start: ChildStart;
  readonly #given: ChildGiven;
  readonly #onScheduled: (sequence: number, call: ChildCall) => void;
  readonly #reject: (error: Error) => void;
  /** The event that scheduled the child. 0: not known yet. */
  #scheduledSequence = 0;

  /** `start` has the names of the step in it. `onScheduled` hears of the event that scheduled the child. */
  constructor(
    host: CallHost,
    name: CallName,
    start: ChildStart,
    given: ChildGiven,
    onScheduled: (sequence: number, call: ChildCall) => void,
    reject: (error: Error) => void,
  ) {
    super(host, name);
    this.#onScheduled = onScheduled;
    this.#start = start;
    this.#given = given;
    this.#reject = reject;
  }

  get scheduledSequence(): number {
    return this.#scheduledSequence;
  }

  begin(): void {
    if (this.state !== 'made') return;
    this.become('active');
    this.host.record(this.#start, this);
  }

  onRecorded(sequence: number): boolean {
    if (this.#scheduledSequence === 0) {
      this.#scheduledSequence = sequence;
      this.#onScheduled(sequence, this);
    }
    this.become('waiting');
    return false;
  }

  isRecord(kind: EventKind): boolean {
    return kind.case === 'childScheduled';
  }

  follow(_kind: EventKind, sequence: number): boolean {
    return this.onRecorded(sequence);
  }

  started({ runId, incarnation }: ChildStarted): boolean {
    if (this.#given.of === 'end') return false;
    this.finish();
    this.#given.resolve({ runId, incarnation });
    return true;
  }

  rejected(rejected: ChildRejected): boolean {
    this.finish();
    this.#reject(childRejection(rejected));
    return true;
  }

  ended(end: ChildEnded): boolean {
    const outcome = childOutcome(end);
    if (this.#given.of === 'start') return false;
    this.finish();
    if (outcome instanceof Error) this.#reject(outcome);
    else this.#given.resolve(outcome.output);
    return true;
  }

  protected throwInto(error: Error): void {
    this.#reject(error);
  }
}
