import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { createRunSession, type SessionRun } from '#libs/run-session/run-session.ts';
import type { AnyWorkflow, Workflow } from '../author/workflow.ts';
import { type ConnectionOptions, openConnection } from '../values/connection.ts';
import type { Given } from '../values/given.ts';
import { createLargePayloads } from '../values/large-payloads.ts';
import { validate } from '../values/validate.ts';
import { payloadOf } from '../values/value-codec.ts';
import { type HandleContext, outputOf, RunHandle } from './run-handle.ts';
import { type StartOptions, startFields } from './start-options.ts';

/** A workflow, or its name: whoever starts one need not have its code. */
type Named = AnyWorkflow | string;

/** Starts, awaits and steers runs over one connection. */
export class Client implements AsyncDisposable {
  readonly #channel: RpcChannel;
  readonly #context: HandleContext;

  /** Connects with the first call. */
  constructor(options: ConnectionOptions = {}) {
    const { tenantId = '' } = options;
    const channel = openConnection(options);
    this.#channel = channel;
    this.#context = {
      tenantId,
      session: createRunSession({ channel, tenantId }),
      runs: createClient(RunService, channel),
      large: createLargePayloads(channel, tenantId),
    };
  }

  /**
   * Starts a run. Answers when that is durable. Rejects with DEFINITION_NOT_FOUND, RUN_EXISTS, INVALID_FIELDS for an input
   * that breaks its schema.
   */
  start<I, O>(workflow: Workflow<I, O>, ...given: Given<I, StartOptions>): Promise<RunHandle<O>>;
  start(workflow: string, ...given: Given<unknown, StartOptions>): Promise<RunHandle>;
  async start(workflow: Named, ...[input, options = {}]: Given<unknown, StartOptions>): Promise<RunHandle> {
    const run = await this.#start(workflow, input, options, false);
    const { runId, incarnation } = await run.started;
    return new RunHandle(this.#context, runId, incarnation);
  }

  /** Starts a run and waits for its output. Rejects as `start`, and with RunError when it does not complete. */
  execute<I, O>(workflow: Workflow<I, O>, ...given: Given<I, StartOptions>): Promise<O>;
  execute(workflow: string, ...given: Given<unknown, StartOptions>): Promise<unknown>;
  async execute(workflow: Named, ...[input, options = {}]: Given<unknown, StartOptions>): Promise<unknown> {
    const run = await this.#start(workflow, input, options, true);
    return outputOf(this.#context, await run.ended);
  }

  /** A run that was started before. Nobody is asked. */
  run<O = unknown>(runId: string, incarnation = ''): RunHandle<O> {
    return new RunHandle(this.#context, runId, incarnation);
  }

  /** Whoever waits gets CALLER_GONE. Safe to call again. */
  async close(): Promise<void> {
    this.#context.session.close();
    await this.#channel[Symbol.asyncDispose]();
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #start(workflow: Named, input: unknown, options: StartOptions, wait: boolean): Promise<SessionRun> {
    const { session, large, tenantId } = this.#context;
    const schema = typeof workflow === 'string' ? undefined : workflow.options.input;
    if (schema !== undefined) await validate(schema, input, 'input');
    const settled = large.settle(payloadOf(input, 'input'), options.runId ?? '', options.signal);
    const payload = settled instanceof Promise ? await settled : settled;
    const request = startFields(options);
    request.tenantId = tenantId;
    request.workflow = typeof workflow === 'string' ? workflow : workflow.name;
    if (payload !== undefined) request.input = payload;
    return session.start(request, { wait, brief: true, signal: options.signal });
  }
}
