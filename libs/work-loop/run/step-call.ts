import { durationFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepRecord } from '#gen/millrace/state/v1/work_up_pb.ts';
import type { Failure } from '#gen/millrace/workflow/v1/failure_pb.ts';
import { retryDelayMs } from '#libs/engine/retry/retry-policy.ts';
import { loggedPayload, NULL_PAYLOAD, payloadFromLog } from '../values/payload.ts';
import { Call, type CallHost, type CallName, type EventKind } from './call.ts';
import { StepError } from './errors.ts';
import { failureFromError, loopFailure } from './failure.ts';
import type { StepContext, StepFunction, StepOptions } from './function-run.ts';

/** Longer is no timer of Node. */
const MAX_TIMER_MS = 2_147_483_647;
const MIN_HEARTBEAT_MS = 250;
/** The longest that the server watches an attempt for. */
const MAX_ATTEMPT_MS = 30 * 86_400_000;

/** A step: code with attempts. It is also what the code is given. */
export class StepCall extends Call implements StepContext {
  readonly what = 'step';
  readonly #code: StepFunction;
  readonly #options: StepOptions;
  readonly #resolve: (result: Payload | undefined) => void;
  readonly #reject: (error: Error) => void;
  #attempt = 1;
  /** When the first attempt began, in milliseconds since 1970. */
  #beganTime: number | undefined;
  /** The attempt whose code runs. 0: none. */
  #running = 0;
  /** The record that is on its way. */
  #sent: 'nothing' | 'begin' | 'result' | 'failed' = 'nothing';
  #result: Payload | undefined;
  #failure: Failure | undefined;
  #retryMs: number | undefined;
  /** Why an attempt that the log has as begun is over, when the log does not say what follows. */
  #interruption: Failure | undefined;
  #cancelRetry: (() => void) | undefined;
  #controller: AbortController | undefined;
  #heartbeatTime = Number.NEGATIVE_INFINITY;

  constructor(
    host: CallHost,
    name: CallName,
    code: StepFunction,
    options: StepOptions,
    resolve: (result: Payload | undefined) => void,
    reject: (error: Error) => void,
  ) {
    super(host, name);
    this.#code = code;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get attempt(): number {
    return this.#attempt;
  }

  get fence(): bigint {
    return this.host.facts.fence;
  }

  get idempotencyKey(): string {
    const path = this.scope === '' ? this.name : `${this.scope}/${this.name}`;
    return `${this.host.facts.incarnation}/${path}/${this.occurrence}`;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  heartbeat(details?: Payload): void {
    const now = this.host.clock.monotonic();
    if (this.#running === 0 || now - this.#heartbeatTime < MIN_HEARTBEAT_MS) return;
    this.#heartbeatTime = now;
    this.host.extend(loggedPayload(details), this.id);
  }

  begin(): void {
    const interruption = this.#interruption;
    this.#interruption = undefined;
    if (interruption !== undefined) this.#fail(interruption);
    else if (this.state === 'waiting') this.#waitForRetry();
    else this.#beginAttempt();
  }

  onRecorded(): boolean {
    const sent = this.#sent;
    this.#sent = 'nothing';
    switch (sent) {
      case 'begin':
        this.#runCode();
        return false;
      case 'result':
        this.finish();
        this.#resolve(this.#result);
        return true;
      case 'failed':
        return this.#failed(this.#failure, this.#attempt, this.#retryMs);
      case 'nothing':
        return false;
    }
  }

  isRecord({ case: kind }: EventKind): boolean {
    return kind === 'stepRecorded' || kind === 'stepBegun' || kind === 'stepFailed';
  }

  follow(kind: EventKind, _sequence: number, event: Event): boolean {
    switch (kind.case) {
      case 'stepRecorded':
        if (this.#sent === 'result') return this.onRecorded();
        this.finish();
        this.#resolve(payloadFromLog(kind.value.result));
        return true;
      case 'stepBegun':
        if (this.#sent === 'begin') return this.onRecorded();
        this.#attempt = kind.value.attempt;
        if (event.eventTime !== undefined) this.#beganTime ??= timestampMs(event.eventTime);
        this.#interruption = loopFailure('STEP_INTERRUPTED', 'the worker was lost during the attempt', false);
        return false;
      case 'stepFailed': {
        const { failure, attempt, retryTime, timedOut, ordinal } = kind.value;
        if (timedOut && ordinal === 0) {
          this.#timedOut(attempt, failure);
          return false;
        }
        if (this.#sent === 'failed') return this.onRecorded();
        const delayMs = retryTime === undefined ? undefined : timestampMs(retryTime) - this.host.clock.now();
        return this.#failed(failure, attempt, delayMs === undefined ? undefined : Math.max(0, delayMs));
      }
      default:
        return false;
    }
  }

  /** The server says that the attempt takes too long; the event that says so follows. */
  cutAttempt(): void {
    if (this.#running !== 0) this.#controller?.abort(new StepError(this.name, this.#attempt, stepTimeout()));
  }

  override putAside(reason: Error): void {
    this.#cancelRetry?.();
    this.#running = 0;
    this.#controller?.abort(reason);
  }

  protected throwInto(error: Error): void {
    this.#reject(error);
  }

  #beginAttempt(): void {
    this.become('active');
    const { timeoutMs, heartbeatTimeoutMs, totalTimeoutMs } = this.#options;
    if (timeoutMs === undefined && heartbeatTimeoutMs === undefined && totalTimeoutMs === undefined) {
      this.#runCode();
      return;
    }
    this.#beganTime ??= this.host.clock.now();
    const leftMs = this.#leftMs();
    if (leftMs <= 0) {
      // The attempt is not made: what the last one failed with counts.
      if (this.#attempt > 1) this.#attempt -= 1;
      this.#fail(this.#failure ?? stepTimeout());
      return;
    }
    const longestMs = Math.min(timeoutMs ?? MAX_ATTEMPT_MS, leftMs);
    this.#record('begin', {
      case: 'begin',
      value: {
        $typeName: 'millrace.state.v1.StepBegin',
        timeout: timeoutMs === undefined && totalTimeoutMs === undefined ? undefined : maybeDuration(longestMs),
        heartbeatTimeout: maybeDuration(heartbeatTimeoutMs),
      },
    });
  }

  /** How long is left for all attempts together. */
  #leftMs(): number {
    const { totalTimeoutMs } = this.#options;
    if (totalTimeoutMs === undefined || this.#beganTime === undefined) return Number.POSITIVE_INFINITY;
    return this.#beganTime + totalTimeoutMs - this.host.clock.now();
  }

  #runCode(): void {
    if (this.state !== 'active') return;
    if (this.host.budget.isFull) {
      this.host.budget.whenRoom(() => this.#runCode());
      return;
    }
    const attempt = this.#attempt;
    this.#running = attempt;
    try {
      const given = this.#code(this);
      if (given !== undefined && 'then' in given) {
        given.then(
          (result) => this.#gave(attempt, result),
          (error: unknown) => this.#threw(attempt, error),
        );
      } else {
        this.#gave(attempt, given);
      }
    } catch (error) {
      this.#threw(attempt, error);
    }
  }

  #gave(attempt: number, given: Payload | undefined): void {
    if (this.#running !== attempt) return;
    let result: Payload | undefined;
    try {
      result = loggedPayload(given);
    } catch (error) {
      this.#running = 0;
      this.#fail({ ...failureFromError(error), nonRetryable: true });
      return;
    }
    this.#running = 0;
    this.#result = result;
    this.#record('result', { case: 'result', value: result ?? NULL_PAYLOAD });
  }

  #threw(attempt: number, error: unknown): void {
    if (this.#running !== attempt) return;
    this.#running = 0;
    this.#fail(failureFromError(error));
  }

  #timedOut(attempt: number, failure: Failure | undefined): void {
    const interruption = failure ?? stepTimeout();
    if (this.state !== 'active') {
      this.#interruption = interruption;
    } else if (this.#running === attempt) {
      this.#running = 0;
      this.#controller?.abort(new StepError(this.name, attempt, interruption));
      this.#fail(interruption);
    }
  }

  /** Records that the attempt failed, and what follows by the policy. */
  #fail(failure: Failure): void {
    this.become('active');
    this.#controller = undefined;
    this.#failure = failure;
    const counted = { ...failure, details: undefined, attempts: undefined };
    const delayMs = retryDelayMs(this.#options.retry ?? {}, this.#attempt, counted, this.host.random());
    this.#retryMs = delayMs !== undefined && delayMs < this.#leftMs() ? delayMs : undefined;
    this.#record('failed', {
      case: 'failed',
      value: { $typeName: 'millrace.state.v1.StepFailure', failure, retryDelay: maybeDuration(this.#retryMs) },
    });
  }

  /** The log says that an attempt failed. Answers whether that was given to the function. */
  #failed(failure: Failure | undefined, attempt: number, retryMs: number | undefined): boolean {
    this.#interruption = undefined;
    if (retryMs === undefined) {
      this.finish();
      this.#reject(
        new StepError(this.name, attempt, failure ?? loopFailure('UNKNOWN', 'the log does not say why', true)),
      );
      return true;
    }
    this.#failure = failure;
    this.#attempt = attempt + 1;
    this.dueTime = this.host.clock.monotonic() + retryMs;
    this.become('waiting');
    if (this.host.mayBegin) this.#waitForRetry();
    return false;
  }

  #waitForRetry(): void {
    this.#cancelRetry?.();
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, this.dueTime - this.host.clock.monotonic()));
    this.#cancelRetry = this.host.clock.setTimer(delayMs, () => {
      if (this.state === 'waiting' && this.host.mayBegin) this.#beginAttempt();
    });
  }

  #record(sent: 'begin' | 'result' | 'failed', record: StepRecord['record']): void {
    this.#sent = sent;
    this.host.record(
      {
        $typeName: 'millrace.state.v1.StepRecord',
        handle: 0,
        ordinal: 0,
        name: this.name,
        scope: this.scope,
        occurrence: this.occurrence,
        attempt: this.#attempt,
        record,
      },
      this,
    );
  }
}

function stepTimeout(): Failure {
  return loopFailure('STEP_TIMEOUT', 'the attempt took longer than it may', false);
}

function maybeDuration(ms: number | undefined): ReturnType<typeof durationFromMs> | undefined {
  return ms === undefined ? undefined : durationFromMs(Math.ceil(ms));
}
