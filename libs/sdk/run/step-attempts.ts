import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { StepContext as LoopStep } from '#libs/work-loop/run/function-run.ts';
import type { RunInfo, StepCode, StepContext } from '../author/workflow-context.ts';
import type { LargePayloads } from '../values/large-payloads.ts';
import { payloadOf } from '../values/value-codec.ts';

/** What steps need of their run. */
export interface StepHost {
  readonly info: RunInfo;
  readonly large: LargePayloads;
}

/** The attempts of a step: what their code is given, and what it gives on its way into the log. */
export class StepAttempts<T> {
  readonly #code: StepCode<T>;
  readonly #host: StepHost;
  /** Results that were uploaded, by what names them: an attempt that timed out may upload one too. */
  #originals: Map<Payload, Payload> | undefined;

  constructor(code: StepCode<T>, host: StepHost) {
    this.#code = code;
    this.#host = host;
  }

  /** Makes an attempt. */
  call(step: LoopStep): Payload | undefined | Promise<Payload | undefined> {
    const given = this.#code(new AttemptContext(step));
    return given instanceof Promise ? given.then((value) => this.#settle(value, step)) : this.#settle(given, step);
  }

  /** The result itself, where it is what was uploaded here. */
  original(result: Payload | undefined): Payload | undefined {
    return result === undefined ? undefined : (this.#originals?.get(result) ?? result);
  }

  #settle(value: unknown, step: LoopStep): Payload | undefined | Promise<Payload | undefined> {
    const original = payloadOf(value, 'result');
    // Not the signal of every step: only what takes time may be cut short, and making one costs more than a small step.
    if (original === undefined || !this.#host.large.isLarge(original)) return original;
    return this.#upload(original, step.signal);
  }

  async #upload(original: Payload, signal: AbortSignal): Promise<Payload | undefined> {
    const named = await this.#host.large.settle(original, this.#host.info.runId, signal);
    if (named === undefined) return undefined;
    this.#originals ??= new Map();
    this.#originals.set(named, original);
    return named;
  }
}

/** What the code of an attempt is given. Most of it is made when it is asked for. */
class AttemptContext implements StepContext {
  readonly attempt: number;
  readonly #step: LoopStep;

  constructor(step: LoopStep) {
    this.attempt = step.attempt;
    this.#step = step;
  }

  get signal(): AbortSignal {
    return this.#step.signal;
  }

  get idempotencyKey(): string {
    return this.#step.idempotencyKey;
  }

  get fence(): bigint {
    return this.#step.fence;
  }

  /** May be taken out of the context. */
  get heartbeat(): StepContext['heartbeat'] {
    return (details) => this.#step.heartbeat(payloadOf(details, 'details'));
  }
}
