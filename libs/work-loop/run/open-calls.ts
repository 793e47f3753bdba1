import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import type { ChildEnded, ChildRejected, ChildStarted, SignalConsumed } from '#gen/millrace/state/v1/wait_events_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { keyOfStep } from '../values/step-key.ts';
import type { Call, CallName, EventKind } from './call.ts';
import { CancelledScopes, maybeAround, WHOLE_RUN } from './cancelled-scopes.ts';
import type { ChildCall } from './child-call.ts';
import { ChildIndex } from './child-index.ts';
import { maybeRecord } from './describe-event.ts';
import { CancelledError } from './errors.ts';
import { GivenUpWaits } from './given-up-waits.ts';
import type { Fed } from './log-feed.ts';
import { SpareSignals } from './spare-signals.ts';
import { SignalCall } from './wait-call.ts';

/** What a function awaits, and how the log answers it. */
export class OpenCalls {
  /** Whether code that was added under an id runs. */
  readonly patches: Map<string, boolean> = new Map();
  readonly children: ChildIndex = new ChildIndex();
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
  #hasBegun = false;
  #isCancelAhead = false;

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

  /** The log has a cancel next, which waits for the function to ask for the first thing. */
  get isCancelAhead(): boolean {
    return this.#isCancelAhead;
  }

  /** The function asks for something, or has ended. Answers whether this is the first time. */
  begin(): boolean {
    if (this.#hasBegun) return false;
    this.#hasBegun = true;
    return true;
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
    if (!call.isAwaited) {
      this.#calls.set(call.key, call);
      return true;
    }
    const cancelled = this.#takeCancel(call);
    if (cancelled !== undefined) {
      this.#withdraw(call, cancelled);
      return false;
    }
    const spare = call instanceof SignalCall ? this.#spareSignals.take(call.signal) : undefined;
    this.#calls.set(call.key, call);
    this.children.add(call);
    if (spare === undefined || !(call instanceof SignalCall)) return true;
    call.receive(spare.payload);
    return false;
  }

  /** What is awaited in these scopes is told once that they are cancelled; where nothing is, the next call is. */
  cancelScopes(scopes: ReadonlySet<string>): void {
    const told = this.#tell((scope) => maybeAround(scope, scopes));
    for (const scope of scopes) if (!told.has(scope)) this.#cancelledScopes.add(scope);
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
    this.children.delete(call);
  }

  /** Tells nobody anything any more. */
  discard(reason: Error): void {
    for (const call of this.#calls.values()) call.discard(reason);
    this.#calls.clear();
    this.children.clear();
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
      return call?.follow(kind, sequence, event) === true ? 'given' : 'taken';
    }
    switch (kind.case) {
      case 'stepFailed':
      case 'timerFired':
      case 'signalWaitTimedOut':
        return this.maybeCall(keyOfStep(kind.value.step))?.follow(kind, sequence, event) === true ? 'given' : 'taken';
      case 'signalConsumed':
        return this.#receive(kind.value);
      case 'childStarted':
        return this.#child(kind.value)?.started(kind.value) === true ? 'given' : 'taken';
      case 'childRejected':
        return this.#child(kind.value)?.rejected(kind.value) === true ? 'given' : 'taken';
      case 'childEnded':
        return this.#childEnded(kind.value);
      case 'cleanupStarted':
        // All that it asks for first is told, as it would be where it is told a moment later.
        this.#isCancelAhead = !this.#hasBegun;
        return this.#isCancelAhead ? 'blocked' : this.#cancelAll();
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
    return this.children.maybeScheduled(about.scheduledSequence);
  }

  #childEnded(end: ChildEnded): Fed {
    if (this.#child(end)?.ended(end) === true) return 'given';
    const wait = this.children.maybeWait(end.runId);
    if (wait?.ended(end) === true) return 'given';
    this.#childEnds.set(end.runId, end);
    return 'taken';
  }

  /** Everything that is awaited is told once; if nothing is, the next call is. */
  #cancelAll(): Fed {
    if (this.#cancel !== 'none') return 'taken';
    this.#cancel = 'pending';
    if (this.#tell(() => WHOLE_RUN).size === 0) return 'taken';
    this.#cancel = 'told';
    return 'given';
  }

  /**
   * Tells what is awaited within a scope that is cancelled, as `cancelledOf` says for its own, and was not told before.
   * Answers of which ones something was told.
   */
  #tell(cancelledOf: (scope: string) => string | undefined): ReadonlySet<string> {
    const told: { readonly call: Call; readonly cancelled: string }[] = [];
    for (const call of this.#calls.values()) {
      const cancelled = call.isAwaited ? cancelledOf(call.scope) : undefined;
      if (cancelled === undefined || this.#cancelledScopes.knows(call.scope, cancelled)) continue;
      told.push({ call, cancelled });
    }
    for (const { call, cancelled } of told) this.#withdraw(call, cancelled);
    return new Set(told.map(({ cancelled }) => cancelled));
  }

  /** The scope whose cancel a new call is told of. */
  #takeCancel(call: Call): string | undefined {
    if (this.#cancel === 'pending') {
      this.#cancel = 'told';
      return WHOLE_RUN;
    }
    return this.#cancelledScopes.take(call.scope);
  }

  #withdraw(call: Call, cancelled: string): void {
    this.#cancelledScopes.tell(call.scope, cancelled);
    this.#calls.delete(call.key);
    this.children.delete(call);
    // The server itself ends all waits of a run that is cancelled.
    if (cancelled !== WHOLE_RUN) this.#givenUp.add(call);
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
