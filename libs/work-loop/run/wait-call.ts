import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { ChildEnded } from '#gen/millrace/state/v1/wait_events_pb.ts';
import type { Park } from '#gen/millrace/state/v1/work_up_pb.ts';
import { payloadFromLog } from '../values/payload.ts';
import { Call, type CallHost, type CallName, type EventKind } from './call.ts';
import { childOutcome } from './child-outcome.ts';
import type { ReceivedSignal } from './errors.ts';

/** A wait that the server keeps: for a time, a signal or the end of an earlier child. */
abstract class WaitCall<T> extends Call {
  override readonly mayBringNews = true;
  readonly #wait: Park['wait'];
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: Error) => void;

  constructor(
    host: CallHost,
    name: CallName,
    wait: Park['wait'],
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ) {
    super(host, name);
    this.#wait = wait;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    if (this.state !== 'made') return;
    this.become('active');
    const { name, scope, occurrence } = this;
    this.host.record(
      { $typeName: 'millrace.state.v1.Park', handle: 0, ordinal: 0, name, scope, occurrence, wait: this.#wait },
      this,
    );
  }

  onRecorded(_sequence: number): boolean {
    this.become('waiting');
    return false;
  }

  abstract override isRecord(kind: EventKind): boolean;

  protected give(value: T): boolean {
    this.finish();
    this.#resolve(value);
    return true;
  }

  protected throwInto(error: Error): void {
    this.#reject(error);
  }

  protected giveError(error: Error): boolean {
    this.finish();
    this.#reject(error);
    return true;
  }
}

/** A wait for a time. */
export class TimerCall extends WaitCall<void> {
  readonly what = 'timer';
  readonly #delayMs: number;

  /** `delayMs` is how long it takes from when the server takes it, or about so. */
  constructor(
    host: CallHost,
    name: CallName,
    wait: Park['wait'],
    delayMs: number,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    super(host, name, wait, resolve, reject);
    this.#delayMs = delayMs;
  }

  override onRecorded(sequence: number): boolean {
    this.dueTime = this.host.clock.monotonic() + this.#delayMs;
    return super.onRecorded(sequence);
  }

  isRecord(kind: EventKind): boolean {
    return kind.case === 'timerStarted';
  }

  follow(kind: EventKind, sequence: number): boolean {
    if (kind.case === 'timerFired') return this.give();
    if (kind.case === 'timerStarted' && kind.value.dueTime !== undefined) {
      super.onRecorded(sequence);
      const { clock } = this.host;
      this.dueTime = clock.monotonic() + timestampMs(kind.value.dueTime) - clock.now();
      return false;
    }
    return this.onRecorded(sequence);
  }
}

/** A wait for a signal. */
export class SignalCall extends WaitCall<ReceivedSignal | undefined> {
  readonly what = 'signal';
  readonly signal: string;

  constructor(
    host: CallHost,
    name: CallName,
    signal: string,
    wait: Park['wait'],
    resolve: (value: ReceivedSignal | undefined) => void,
    reject: (error: Error) => void,
  ) {
    super(host, name, wait, resolve, reject);
    this.signal = signal;
  }

  isRecord(kind: EventKind): boolean {
    return kind.case === 'signalWaitStarted';
  }

  follow(kind: EventKind, sequence: number): boolean {
    if (kind.case === 'signalWaitTimedOut') return this.give(undefined);
    return this.onRecorded(sequence);
  }

  /** The signal has come. */
  receive(payload: Payload | undefined): boolean {
    return this.give({ payload: payloadFromLog(payload) });
  }
}

/** A wait for the end of a child that was started before. */
export class ChildWaitCall extends WaitCall<Payload | undefined> {
  readonly what = 'childWait';
  readonly childRunId: string;
  readonly #maybeEnd: () => ChildEnded | undefined;

  /** `maybeEnd` is how the child has ended, when it has. */
  constructor(
    host: CallHost,
    name: CallName,
    childRunId: string,
    maybeEnd: () => ChildEnded | undefined,
    resolve: (output: Payload | undefined) => void,
    reject: (error: Error) => void,
  ) {
    super(
      host,
      name,
      { case: 'child', value: { $typeName: 'millrace.state.v1.ChildPark', runId: childRunId } },
      resolve,
      reject,
    );
    this.childRunId = childRunId;
    this.#maybeEnd = maybeEnd;
  }

  override onRecorded(sequence: number): boolean {
    const end = this.#maybeEnd();
    return end === undefined ? super.onRecorded(sequence) : this.ended(end);
  }

  isRecord(kind: EventKind): boolean {
    return kind.case === 'childWaitStarted';
  }

  follow(_kind: EventKind, sequence: number): boolean {
    return this.onRecorded(sequence);
  }

  /** The child has ended. */
  ended(end: ChildEnded): boolean {
    const outcome = childOutcome(end);
    return outcome instanceof Error ? this.giveError(outcome) : this.give(outcome.output);
  }
}
