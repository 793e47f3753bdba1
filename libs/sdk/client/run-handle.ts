import type { Run } from '#gen/millrace/state/v1/run_pb.ts';
import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import { RunAction, type RunService, type SessionEnded } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { RpcClient } from '#libs/rpc/client/client.ts';
import type { RunSession } from '#libs/run-session/run-session.ts';
import type { Signal } from '../author/signal.ts';
import type { Given } from '../values/given.ts';
import type { LargePayloads } from '../values/large-payloads.ts';
import { validate } from '../values/validate.ts';
import { payloadOf, valueOf } from '../values/value-codec.ts';
import { RunError, type UnsuccessfulStatus } from './run-error.ts';

/** What handles of one client share. */
export interface HandleContext {
  readonly tenantId: string;
  readonly session: RunSession;
  readonly runs: RpcClient<typeof RunService>;
  readonly large: LargePayloads;
}

/** How a signal is sent. */
export interface SendOptions {
  /** The same id is taken once, among the last 10 000 of the run. Default: none. */
  readonly signalId?: string;
  /** Kept for up to 24 h where the run does not exist yet. Default false: RUN_NOT_FOUND. */
  readonly allowUnborn?: boolean;
  readonly signal?: AbortSignal;
}

/** Why a run is controlled. */
export interface ControlOptions {
  readonly reason?: string;
  readonly signal?: AbortSignal;
}

const UNSUCCESSFUL: Partial<Readonly<Record<RunStatus, UnsuccessfulStatus>>> = {
  [RunStatus.FAILED]: 'FAILED',
  [RunStatus.CANCELLED]: 'CANCELLED',
  [RunStatus.TERMINATED]: 'TERMINATED',
};

/** A run, to wait for and to steer. */
export class RunHandle<Output = unknown> {
  readonly runId: string;
  /** Which start under that id. Empty: the newest. */
  readonly incarnation: string;
  readonly #context: HandleContext;

  /** @internal */
  constructor(context: HandleContext, runId: string, incarnation: string) {
    this.#context = context;
    this.runId = runId;
    this.incarnation = incarnation;
  }

  /** Waits for its output, for as long as it takes. Rejects with RunError when it does not complete, or RUN_NOT_FOUND. */
  async result(options: { readonly signal?: AbortSignal } = {}): Promise<Output> {
    const { session } = this.#context;
    return outputOf(this.#context, await session.wait(this.runId, this.incarnation, options.signal));
  }

  /** Sends a signal. Answers when it is durable. Rejects with RUN_NOT_FOUND, RUN_TERMINAL, INVALID_FIELDS. */
  async send<T>({ name, schema }: Signal<T>, ...[value, options = {}]: Given<T, SendOptions>): Promise<void> {
    const { session, large, tenantId } = this.#context;
    if (schema !== undefined) await validate(schema, value, name);
    const payload = await large.settle(payloadOf(value, name), this.runId, options.signal);
    const { signalId = '', allowUnborn = false } = options;
    const { runId, incarnation } = this;
    await session.signal(
      { tenantId, runId, incarnation, name, signalId, allowUnborn, ...(payload && { payload }) },
      options.signal,
    );
  }

  /** Asks it to end after its clean-up. */
  cancel(options?: ControlOptions): Promise<void> {
    return this.#control(RunAction.CANCEL, options);
  }

  /** Holds it: nothing new is begun. */
  pause(options?: ControlOptions): Promise<void> {
    return this.#control(RunAction.PAUSE, options);
  }

  /** Takes it back to where it was paused. */
  resume(options?: ControlOptions): Promise<void> {
    return this.#control(RunAction.RESUME, options);
  }

  /** Ends it at once; nothing runs after it. */
  terminate(options?: ControlOptions): Promise<void> {
    return this.#control(RunAction.TERMINATE, options);
  }

  /** Everything that is known of it. */
  async get(): Promise<Run> {
    const { runs, tenantId } = this.#context;
    const { runId, incarnation } = this;
    const { run } = await runs.getRun({ tenantId, runId, incarnation, view: RunView.FULL });
    if (run === undefined) throw new RangeError(`the server answered no run for ${runId}`);
    return run;
  }

  /** The document that it has set, key by key. */
  async state(): Promise<Readonly<Record<string, unknown>>> {
    const { large } = this.#context;
    const { state, incarnation } = await this.get();
    if (state?.value.case === 'ref') await large.load(state, { runId: this.runId, incarnation });
    return (valueOf(state, 'state') ?? {}) as Readonly<Record<string, unknown>>;
  }

  async #control(action: RunAction, { reason = '', signal }: ControlOptions = {}): Promise<void> {
    const { runId, incarnation } = this;
    await this.#context.session.control({ runId, incarnation, action, reason }, signal);
  }
}

/** The output of a run that has ended. */
export function outputOf<Output>({ large }: HandleContext, ended: SessionEnded): Output | Promise<Output> {
  const { runId, incarnation, status, output, failure } = ended;
  const unsuccessful = UNSUCCESSFUL[status];
  if (unsuccessful !== undefined) throw new RunError(runId, unsuccessful, failure);
  if (output?.value.case !== 'ref') return valueOf(output, 'output') as Output;
  return large.load(output, { runId, incarnation }).then(() => valueOf(output, 'output') as Output);
}
