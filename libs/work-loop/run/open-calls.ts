import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import type { ChildEnded, ChildRejected, ChildStarted, SignalConsumed } from '#gen/millrace/state/v1/wait_events_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { keyOfStep } from '../values/step-key.ts';
import type { Call, CallName, EventKind } from './call.ts';
import { CancelledScopes, isWithin } from './cancelled-scopes.ts';
import { ChildCall } from './child-call.ts';
import { maybeRecord } from './describe-event.ts';
import { CancelledError } from './errors.ts';
import { GivenUpWaits } from './given-up-waits.ts';
import type { Fed } from './log-feed.ts';
import { SpareSignals } from './spare-signals.ts';
import { ChildWaitCall, SignalCall } from './wait-call.ts';

/** What a function awaits, and how the log answers it. */
export class OpenCalls {
  /** Whether code that was added under an id runs. */
  readonly patches: Map<string, boolean> = new Map();
  readonly #calls = new Map<string, Call>();
  /** What a cancel, of the run or of a scope, took from the function: records of it may still be in the log. */
  readonly #withdrawn = new Map<string, Call>();
  readonly #occurrences = new Map<string, number>();
  /** What buffered signals carry, by the event that buffered them. */
  readonly #buffered = new Map<number, Payload | undefined>();
  /** How children ended that nobody waited for. */
  readonly #childEnds = new Map<string, ChildEnded>();
  readonly #spareSignals = new SpareSignals();
  readonly #cancelledScopes = new CancelledScopes();
  readonly #givenUp = new GivenUpWaits();
  readonly #branchings = new Map<string, number>();
  #cancel: 'none' | 'pending' | 'told' = 'none';
  #recordedOrdinal = 0;

  get size(): number {
    return this.#calls.size;
  }

  /** The last record of the log that was followed. */
  get recordedOrdinal(): number {
    return this.#recordedOrdinal;
  }

  get isCancelled(): boolean {
    return this.#cancel !== 'none';
  }

  [Symbol.iterator](): IterableIterator<Call> {
    return this.#calls.values();
  }

  /** The next name of this kind in its scope. */
  nextName(scope: string, name: string): CallName {
    const counted = scope === '' ? name : `${name}\n${scope}`;
    const occurrence = this.#occurrences.get(counted) ?? 0;
    this.#occurrences.set(counted, occurrence + 1);
    return { scope, name, occurrence };
  }

  /** The next scope for the branches of something of this kind within a scope. */
  nextBranching(scope: string, kind: string): string {
    const name = scope === '' ? kind : `${scope}/${kind}`;
    const occurrence = this.#branchings.get(name) ?? 0;
    this.#branchings.set(name, occurrence + 1);
    return `${name}.${occurrence}`;
  }

  maybeCall(key: string | undefined): Call | undefined {
    return key === undefined ? undefined : this.#calls.get(key);
  }

  /** How a child ended, when that is known already. */
  maybeChildEnd(runId: string): ChildEnded | undefined {
    return this.#childEnds.get(runId);
  }

  /**
   * Takes a call in. Answers whether it is open: the first one after a cancel that nobody was told of is not, nor is a wait
   * for a signal that is spare.
   */
  add(call: Call): boolean {
    if (this.#cancel === 'pending' || this.#cancelledScopes.takes(call)) {
      if (this.#cancel === 'pending') this.#cancel = 'told';
      this.#withdraw(call);
      return false;
    }
    const spare = call instanceof SignalCall ? this.#spareSignals.take(call.signal) : undefined;
    this.#calls.set(call.key, call);
    if (spare === undefined || !(call instanceof SignalCall)) return true;
    call.receive(spare.payload);
    return false;
  }

  /** What is awaited in a scope is told once that it is cancelled; if nothing is, the next call is. */
  cancelScope(scope: string): void {
    const calls = [...this.#calls.values()].filter((call) => isWithin(call.scope, scope));
    if (calls.length === 0) this.#cancelledScopes.add(scope);
    for (const call of calls) {
      this.#givenUp.add(call);
      this.#withdraw(call);
    }
  }

  /** Waits that were given up and that the server may still keep: it is told of each once. */
  takeGivenUp(): readonly StepId[] {
    return this.#givenUp.take();
  }

  /** Nothing more is asked for in a scope. */
  endScope(scope: string): void {
    this.#cancelledScopes.end(scope);
  }

  forget(call: Call): void {
    this.#calls.delete(call.key);
  }

  /** Tells nobody anything any more. */
  discard(reason: Error): void {
    for (const call of this.#calls.values()) call.discard(reason);
    this.#calls.clear();
    this.#buffered.clear();
    this.#childEnds.clear();
    this.#spareSignals.clear();
  }

  /** The event that has what a consumed signal carries, when that is not known here. */
  maybeMissing({ case: kind, value }: EventKind): number | undefined {
    if (kind !== 'signalConsumed' || value.payload !== undefined || value.receivedSequence === 0n) return undefined;
    const received = Number(value.receivedSequence);
    return this.#buffered.has(received) ? undefined : received;
  }

  /** Remembers what a buffered signal carries. */
  remember({ kind, sequence }: Event): void {
    if (kind.case === 'signalReceived') this.#buffered.set(Number(sequence), kind.value.signal?.payload);
  }

  /** Follows the log by one event. */
  follow(event: Event): Fed {
    const { kind } = event;
    this.#givenUp.follow(event);
    const record = maybeRecord(kind);
    const sequence = Number(event.sequence);
    if (record !== undefined) {
      const key = keyOfStep(record.step);
      const call = this.maybeCall(key);
      if (call === undefined && (key === undefined || !this.#withdrawn.has(key))) return 'blocked';
      if (call?.isRecord(kind) === false) return 'blocked';
      this.#recordedOrdinal = record.ordinal;
      return call?.follow(kind, sequence) === true ? 'given' : 'taken';
    }
    switch (kind.case) {
      case 'stepFailed':
      case 'timerFired':
      case 'signalWaitTimedOut':
        return this.maybeCall(keyOfStep(kind.value.step))?.follow(kind, sequence) === true ? 'given' : 'taken';
      case 'signalConsumed':
        return this.#receive(kind.value);
      case 'childStarted':
        return this.#child(kind.value)?.started(kind.value) === true ? 'given' : 'taken';
      case 'childRejected':
        return this.#child(kind.value)?.rejected(kind.value) === true ? 'given' : 'taken';
      case 'childEnded':
        return this.#childEnded(kind.value);
      case 'cleanupStarted':
        return this.#cancelAll();
      default:
        return 'taken';
    }
  }

  /** A wait that was given up has no use for its signal: another one of the same function has. */
  #receive({ step, name, payload, receivedSequence }: SignalConsumed): Fed {
    const received = Number(receivedSequence);
    const carried = payload ?? this.#buffered.get(received);
    this.#buffered.delete(received);
    const call = this.maybeCall(keyOfStep(step)) ?? this.#maybeOther(name);
    if (call instanceof SignalCall && call.receive(carried)) return 'given';
    this.#spareSignals.keep(name, carried);
    return 'taken';
  }

  /** Another wait for a signal. Its own record may be in the log, and may bring a signal that it does not need any more. */
  #maybeOther(signal: string): SignalCall | undefined {
    for (const call of this.#calls.values()) {
      if (!(call instanceof SignalCall) || call.signal !== signal) continue;
      this.#givenUp.add(call);
      this.#expectRecords(call);
      return call;
    }
    return undefined;
  }

  #child(about: ChildStarted | ChildRejected | ChildEnded): ChildCall | undefined {
    for (const call of this.#calls.values()) if (call instanceof ChildCall && call.isAbout(about)) return call;
    return undefined;
  }

  #childEnded(end: ChildEnded): Fed {
    if (this.#child(end)?.ended(end) === true) return 'given';
    for (const call of this.#calls.values()) {
      if (!(call instanceof ChildWaitCall) || call.childRunId !== end.runId || call.state !== 'waiting') continue;
      call.ended(end);
      return 'given';
    }
    this.#childEnds.set(end.runId, end);
    return 'taken';
  }

  /** Everything that is awaited is told once; if nothing is, the next call is. */
  #cancelAll(): Fed {
    if (this.#cancel !== 'none') return 'taken';
    if (this.#calls.size === 0) {
      this.#cancel = 'pending';
      return 'taken';
    }
    this.#cancel = 'told';
    for (const call of this.#calls.values()) this.#withdraw(call);
    return 'given';
  }

  #withdraw(call: Call): void {
    this.#calls.delete(call.key);
    this.#expectRecords(call);
    call.withdraw(new CancelledError());
  }

  /** What waits has no record on its way; but a step that waits in a replay may have been tried again by then. */
  #expectRecords(call: Call): void {
    if (call.state !== 'waiting' || call.what === 'step') this.#withdrawn.set(call.key, call);
  }
}

/** Why a function cannot await one thing more. */
export function tooManyCalls(maximum: number): DomainError {
  return new DomainError('QUOTA_EXCEEDED', `a function awaits at most ${maximum} things at once`, {
    metadata: { limit: 'open_calls', maximum: String(maximum) },
  });
}
