import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import { CancelKind, type CancelNotice, type HistoryChunk } from '#gen/millrace/state/v1/work_down_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Clock } from '#libs/partition/timers/clock.ts';
import type { RecordFrame } from '../frames/item-frame.ts';
import type { SendBudget } from '../frames/send-budget.ts';
import type { AssignmentHolder, AssignmentLink } from '../link/assignment-link.ts';
import type { SentRecord } from '../link/sent-frames.ts';
import { keyOfStep } from '../values/step-key.ts';
import type { Call, CallHost } from './call.ts';
import { createFunctionRun } from './create-function-run.ts';
import { divergenceOf } from './divergence.ts';
import { DivergenceWatch, type Replay } from './divergence-watch.ts';
import type { ExecutionEnv } from './execution-env.ts';
import { factsOf } from './facts-of.ts';
import { FUNCTION_ENDED } from './function-ended.ts';
import type { RunFacts, RunFunction } from './function-run.ts';
import { IdleWatch, type Watched } from './idle-watch.ts';
import type { Fed } from './log-feed.ts';
import { type IntakeHost, LogIntake } from './log-intake.ts';
import { OpenCalls, tooManyCalls } from './open-calls.ts';
import { completion, diverged, failed, handedBack, handedBackForNow, type Outcome, yielded } from './settle-frames.ts';
import { StepCall } from './step-call.ts';

/**
 * One run of a function in this worker.
 *
 * - active: it has an assignment. At first, and when it goes on with another one, it is not live: it follows the log and
 *   begins nothing; it is live once it knows all of it.
 * - yielding: it gave its slot back, and the server has not said so yet. What comes meanwhile comes again with the next
 *   assignment;
 * - parked: it has no assignment. What the function does by itself meanwhile waits;
 * - ended: it has settled, or the run is somebody else's. Nothing that the function awaits settles any more.
 */
export class Execution implements AssignmentHolder, CallHost, IntakeHost, Watched, Replay {
  readonly calls: OpenCalls = new OpenCalls();
  activeCount = 0;
  readonly #env: ExecutionEnv;
  readonly #code: RunFunction;
  readonly #build: string;
  readonly #log: LogIntake;
  readonly #idle: IdleWatch;
  readonly #divergence: DivergenceWatch;
  #link: AssignmentLink;
  #facts: RunFacts;
  #state: 'active' | 'yielding' | 'parked' | 'ended' = 'active';
  #isLive = false;
  #wasLive = false;
  #wasCalled = false;
  #holdReason: string | undefined;
  #outcome: Outcome | undefined;
  #controller: AbortController | undefined;

  /** Takes the assignment. `build` names the code, for the log of a divergence. */
  constructor(env: ExecutionEnv, code: RunFunction, build: string, link: AssignmentLink) {
    this.#env = env;
    this.#code = code;
    this.#build = build;
    this.#link = link;
    this.#facts = factsOf(link.assignment);
    this.#log = new LogIntake(this, env.turns, env.loadPayload);
    this.#idle = new IdleWatch(env.turns, env.yieldMs, this);
    this.#divergence = new DivergenceWatch(this, env.divergenceMs);
    link.holder = this;
  }

  get facts(): RunFacts {
    return this.#facts;
  }

  get budget(): SendBudget {
    return this.#env.budget;
  }

  get clock(): Clock {
    return this.#env.clock;
  }

  get random(): () => number {
    return this.#env.random;
  }

  get knownSequence(): number {
    return this.#log.heard;
  }

  get mayBegin(): boolean {
    return this.#state === 'active' && this.#isLive && this.#holdReason === undefined;
  }

  get isReplaying(): boolean {
    return !this.#wasLive;
  }

  get isParked(): boolean {
    return this.#state === 'parked';
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  get holdReason(): string | undefined {
    return this.#holdReason;
  }

  get isQuiet(): boolean {
    if (this.#state !== 'active' || !this.#isLive || this.#outcome !== undefined || this.calls.size === 0) return false;
    return this.activeCount === 0 && this.#log.isEmpty && !this.#log.isBehind;
  }

  /** Begins: the function is called, and follows the log where there is one. */
  start(): void {
    this.#log.assigned(this.#link.assignment);
    this.#maybeCall();
  }

  /** Calls the function once it can be known what its log has next: at once, unless that is still on its way. */
  #maybeCall(): void {
    if (this.#wasCalled || this.#state !== 'active' || !this.#log.showsNext) return;
    this.#wasCalled = true;
    const run = createFunctionRun(this, this.#link.assignment.input);
    // In a function of its own, so that what the code throws before it first waits is a rejection too.
    (async () => this.#code(run))().then(
      (output) => this.#returned({ output }),
      (error: unknown) => this.#returned({ error }),
    );
  }

  /** Goes on with another assignment of the run. Answers whether it can: no records were made without it. */
  resume(link: AssignmentLink): boolean {
    const { incarnation, stepCount, lastSequence } = link.assignment;
    const isSame = incarnation === this.#facts.incarnation && stepCount === this.#link.ordinal;
    if (this.#state !== 'parked' || !isSame || Number(lastSequence) < this.#log.heard) return false;
    this.#link = link;
    this.#facts = factsOf(link.assignment);
    this.#state = 'active';
    this.#holdReason = undefined;
    link.holder = this;
    this.#log.assigned(link.assignment);
    return true;
  }

  /** Begins nothing new, and gives the work back as soon as nothing else is left to do. */
  hold(reason: string): void {
    this.#holdReason = reason;
    this.#idle.ask();
  }

  /** Begins again what was held. */
  goOn(): void {
    this.#holdReason = undefined;
    if (this.mayBegin) this.#beginOpen();
  }

  /** The assignment is not this one's any more. */
  abandon(reason: DomainError): void {
    this.#link.lose(reason);
    this.end(reason);
  }

  /** Gives the work back at once, whatever runs. */
  handBack(reason: string): void {
    if (this.#state === 'active') this.#link.settle(handedBack(reason, undefined));
    this.end(new DomainError('CALLER_GONE', reason));
  }

  /** Puts an end to it: the function is told nothing any more. */
  end(reason: Error): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#divergence.clear();
    this.#idle.reset();
    this.#log.stop();
    this.calls.discard(reason);
    this.#controller?.abort(reason);
    this.#env.onEnded(this);
  }

  // What the function asks for

  /** Takes a call of the function in. */
  open(call: Call): void {
    if (this.#state === 'ended' || this.#outcome !== undefined) return;
    this.#env.onAsked?.(call);
    this.#env.sites?.note(call);
    if (this.calls.begin()) this.#log.onAsked();
    if (call.isAwaited && this.calls.size >= this.#env.maxOpenCalls) {
      call.withdraw(tooManyCalls(this.#env.maxOpenCalls));
      return;
    }
    this.#idle.reset();
    if (!this.calls.add(call)) return;
    if (this.#mayBegin(call)) call.begin();
    else if (this.#isLive) this.#idle.ask();
    else this.#log.onAsked();
  }

  forget(call: Call): void {
    this.calls.forget(call);
    if (this.calls.size > 0 && this.activeCount === 0) this.#idle.ask();
  }

  rested(): void {
    if (this.activeCount === 0) this.#idle.ask();
  }

  record(frame: RecordFrame, call: Call): void {
    this.#link.record(frame, call);
  }

  extend(details: Payload | undefined, step: StepId): void {
    this.#link.extend(details, step);
  }

  cancelScopes(scopes: ReadonlySet<string>): void {
    this.calls.cancelScopes(scopes);
    this.#withdrawGivenUp();
  }

  // What the log says

  recorded(call: Call, ordinal: number, sequence: number, isExact: boolean): void {
    if (this.#state !== 'active') return;
    this.#log.recorded(call, ordinal, sequence, isExact);
    this.#askWhetherHeld();
  }

  woken(events: readonly Event[], lastSequence: number): void {
    if (this.#state === 'active') this.#log.woken(events, lastSequence);
  }

  recalled(chunk: HistoryChunk): void {
    if (this.#state !== 'active') return;
    this.#log.recalled(chunk);
    this.#maybeCall();
  }

  moved(durable: readonly SentRecord[], lastSequence: number): void {
    if (this.#state !== 'active') return;
    this.#log.moved(durable, lastSequence);
    this.#askWhetherHeld();
  }

  recall(afterSequence: number): void {
    this.#link.recall(afterSequence);
  }

  onEvent(event: Event): Fed {
    return this.calls.follow(event);
  }

  onDrained(): void {
    if (this.#state !== 'active' || this.#log.isBehind) return;
    this.#divergence.clear();
    if (!this.#isLive) this.#goLive();
    this.#withdrawGivenUp();
    this.#finish();
    if (this.calls.size > 0 && this.activeCount === 0) this.#idle.ask();
  }

  onBlocked(event: Event): void {
    this.#divergence.block(event);
  }

  get hasEnded(): boolean {
    return this.#outcome !== undefined;
  }

  get isBehind(): boolean {
    return this.#log.isBehind;
  }

  ahead(): Iterable<Event> {
    return this.#log.ahead();
  }

  onDiverged(expectedStep: string, foundStep: string): void {
    const { sites, onLost } = this.#env;
    const gone = new DomainError('CALLER_GONE', `the function came to ${foundStep}, the log has ${expectedStep}`);
    // What is still to come of the log would be taken for what the other execution asks for.
    if (sites === undefined && onLost !== undefined && !this.#log.isBehind) {
      this.end(gone);
      return onLost(this.#link, this.#code, this.#build);
    }
    const divergence = divergenceOf(this.#facts, { expectedStep, foundStep, build: this.#build }, this.calls, sites);
    this.#link.settle(diverged(this.#link, divergence));
    this.#env.onDiverged(divergence);
    this.end(gone);
  }

  // What the server says

  noticed({ kind, step }: CancelNotice): void {
    if (this.#state !== 'active') return;
    if (kind === CancelKind.PAUSE) {
      this.hold('the run is paused');
    } else if (kind === CancelKind.STEP_TIMEOUT) {
      const call = this.calls.maybeCall(keyOfStep(step));
      if (call instanceof StepCall) call.cutAttempt();
    } else if (kind === CancelKind.CANCEL && !this.calls.isCancelled) {
      this.#log.lookAgain();
    }
  }

  settled(): void {
    if (this.#state !== 'yielding') return;
    this.#state = 'parked';
    this.#env.onParked(this);
  }

  lost(error: DomainError): void {
    this.end(error);
  }

  refused(error: DomainError): void {
    this.#env.onTrouble(error);
    const isOurs = error.reason !== 'STEPS_MISSING' && error.kind !== 'internal' && error.kind !== 'deadline';
    this.#link.settle(isOurs ? failed(this.#link, error, true) : handedBackForNow(error.message));
    this.end(error);
  }

  unreadable(error: DomainError): void {
    this.#env.onTrouble(error);
    this.#link.settle(handedBackForNow(error.message));
    this.end(error);
  }

  onLongWait(): void {
    this.#giveUpSlot();
    this.#link.settle(yielded(this.#log.heard));
  }

  onHeld(reason: string): void {
    if (this.#link.unacknowledged > 0) return;
    this.#giveUpSlot();
    this.#link.settle(handedBack(reason, undefined));
  }

  /** The last record that was on its way may be of a call that nobody waits for any more. */
  #askWhetherHeld(): void {
    if (this.#holdReason !== undefined) this.#idle.ask();
  }

  #giveUpSlot(): void {
    this.#state = 'yielding';
    this.#isLive = false;
    const reason = new DomainError('CALLER_GONE', 'the run waits without a slot');
    for (const call of this.calls) call.putAside(reason);
  }

  #goLive(): void {
    const { ordinal } = this.#link;
    if (!this.#wasLive && this.calls.recordedOrdinal !== ordinal) {
      const message = `the log has ${this.calls.recordedOrdinal} records, ${ordinal} were assigned`;
      this.refused(new DomainError('STEPS_MISSING', message));
      return;
    }
    this.#isLive = true;
    this.#wasLive = true;
    this.#beginOpen();
  }

  /** A mark that nobody awaits is no new work: it belongs to what the function does already. */
  #mayBegin(call: Call): boolean {
    return call.isAwaited ? this.mayBegin && !this.calls.isCancelAhead : this.#state === 'active' && this.#isLive;
  }

  /** The server need not keep what the function gave up; while that is replayed, the rest of the log may say so. */
  #withdrawGivenUp(): void {
    if (this.#state !== 'active' || !this.#isLive) return;
    const steps = this.calls.takeGivenUp();
    if (steps.length > 0) this.#link.withdraw(steps);
  }

  #beginOpen(): void {
    for (const call of this.calls) {
      if ((call.state === 'made' || call.state === 'waiting') && this.#mayBegin(call)) call.begin();
    }
  }

  #returned(outcome: Outcome): void {
    if (this.#state === 'ended') return;
    this.#outcome = outcome;
    if (this.calls.begin()) this.#log.onAsked();
    if (!this.#divergence.isBlocked) this.#finish();
    else this.#log.onAsked();
  }

  /** Settles once the function has ended and the log has nothing more. */
  #finish(): void {
    if (this.#outcome === undefined || !this.#isLive || this.#log.isBehind || !this.#log.isEmpty) return;
    this.#link.settle(completion(this.#link, this.#outcome));
    this.end(FUNCTION_ENDED);
  }
}
