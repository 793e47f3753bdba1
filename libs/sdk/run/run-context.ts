import { randomUUID } from 'node:crypto';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { FunctionRun, StepContext as LoopStep, StepOptions } from '#libs/work-loop/run/function-run.ts';
import type { Signal } from '../author/signal.ts';
import type { Workflow } from '../author/workflow.ts';
import type {
  AllOptions,
  Branch,
  ChildHandle,
  ChildOptions,
  RunInfo,
  StepCode,
  StepContext,
  WaitForOptions,
  WorkflowContext,
  WorkflowLog,
} from '../author/workflow-context.ts';
import { type Attribute, attributesToProto } from '../values/attributes.ts';
import type { Given } from '../values/given.ts';
import type { LargePayloads } from '../values/large-payloads.ts';
import { validate } from '../values/validate.ts';
import { payloadOf, valueOf } from '../values/value-codec.ts';
import { allOf, anyOf, raceOf } from './branches.ts';

/** What the contexts of one run share. */
export interface RunShared {
  readonly info: RunInfo;
  readonly log: WorkflowLog;
  /** When a failed step is tried again, where the step does not say. */
  readonly retry: StepOptions['retry'];
  readonly large: LargePayloads;
  readonly nowMs: () => number;
}

/** Branches at a time where nobody says otherwise; each may await ten things before the limit of the loop. */
const CONCURRENCY = 1_000;
const MAX_CONCURRENCY = 10_000;

/** What a workflow, or a branch of one, is run with: values instead of payloads, over the calls of the loop. */
export class RunContext implements WorkflowContext {
  readonly #run: FunctionRun;
  readonly #shared: RunShared;

  constructor(run: FunctionRun, shared: RunShared) {
    this.#run = run;
    this.#shared = shared;
  }

  get run(): RunInfo {
    return this.#shared.info;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get log(): WorkflowLog {
    return this.#shared.log;
  }

  async step<T>(name: string, code: StepCode<T>, options?: StepOptions): Promise<T> {
    const attempt = new StepAttempt(code, this.#shared);
    const { retry } = this.#shared;
    const complete = retry === undefined || options?.retry !== undefined ? options : { ...options, retry };
    const result = await this.#run.step(name, (step) => attempt.call(step), complete);
    return valueOf(attempt.original(result), name) as T;
  }

  sleep(ms: number, name?: string): Promise<void> {
    return this.#run.sleep(ms, name);
  }

  sleepUntil(time: Date | number, name?: string): Promise<void> {
    return this.#run.sleepUntil(Number(time), name);
  }

  async waitFor<T>({ name, schema }: Signal<T>, options?: WaitForOptions): Promise<T | undefined> {
    const received = await this.#run.waitSignal(name, options);
    if (received === undefined) return undefined;
    const value = valueOf(received.payload, name);
    return schema === undefined ? (value as T) : validate(schema, value, name);
  }

  child<I, O>(
    workflow: Workflow<I, O>,
    input: NoInfer<I>,
    options: ChildOptions & { mode: 'detach' },
  ): Promise<ChildHandle<O>>;
  child<I, O>(workflow: Workflow<I, O>, ...given: Given<I, ChildOptions>): Promise<O>;
  async child<I, O>(
    workflow: Workflow<I, O>,
    ...[input, { mode = 'wait', attributes, ...options } = {}]: Given<I, ChildOptions>
  ): Promise<O | ChildHandle<O>> {
    const { name, options: declared } = workflow;
    if (declared.input !== undefined) await validate(declared.input, input, 'input');
    const payload = payloadOf(input, 'input');
    const complete = attributes === undefined ? options : { ...options, attributes: attributesToProto(attributes) };
    if (mode === 'detach') {
      const { runId, incarnation } = await this.#run.startChild(name, payload, complete);
      return { runId, incarnation, result: async () => valueOf(await this.#run.waitChild(runId), name) as O };
    }
    const output = await this.#run.child(name, payload, { ...complete, isCancelledWithParent: mode === 'cancel' });
    return valueOf(output, name) as O;
  }

  async all<T, R>(
    items: readonly T[],
    branch: (ctx: WorkflowContext, item: T, index: number) => Promise<R>,
    { concurrency = CONCURRENCY }: AllOptions = {},
  ): Promise<R[]> {
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
      const description = `must be 1 to ${MAX_CONCURRENCY}`;
      const violations = [{ field: 'concurrency', description }];
      throw new DomainError('INVALID_FIELDS', `concurrency ${description}`, { violations });
    }
    return allOf(this.#run, {
      count: items.length,
      concurrency,
      call: (run, index) => branch(this.#within(run), items[index] as T, index),
    });
  }

  race<const B extends readonly Branch<unknown>[]>(branches: B): Promise<Awaited<ReturnType<B[number]>>> {
    return raceOf(this.#run, this.#planOf(branches));
  }

  any<const B extends readonly Branch<unknown>[]>(branches: B): Promise<Awaited<ReturnType<B[number]>>> {
    return anyOf(this.#run, this.#planOf(branches));
  }

  set(key: string, value: unknown): Promise<void> {
    return this.#run.set(key, payloadOf(value, key));
  }

  attributes(values: Readonly<Record<string, Attribute | undefined>>): Promise<void> {
    const kept: Record<string, Attribute> = {};
    const removed: string[] = [];
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) removed.push(name);
      else kept[name] = value;
    }
    return this.#run.setAttributes(attributesToProto(kept), removed);
  }

  async now(): Promise<Date> {
    return new Date((await this.#read('now', this.#shared.nowMs)) as number);
  }

  async random(): Promise<number> {
    return (await this.#read('random', Math.random)) as number;
  }

  async uuid(): Promise<string> {
    return (await this.#read('uuid', randomUUID)) as string;
  }

  patched(id: string): boolean {
    return this.#run.patched(id);
  }

  #within(run: FunctionRun): WorkflowContext {
    return new RunContext(run, this.#shared);
  }

  #planOf<B extends readonly Branch<unknown>[]>(branches: B) {
    return {
      count: branches.length,
      concurrency: branches.length,
      call: (run: FunctionRun, index: number) =>
        branches[index]?.(this.#within(run)) as Promise<Awaited<ReturnType<B[number]>>>,
    };
  }

  async #read(name: string, read: () => unknown): Promise<unknown> {
    return valueOf(await this.#run.value(name, () => payloadOf(read(), name)), name);
  }
}

/** The attempts of a step: what their code is given, and what it gives on its way into the log. */
class StepAttempt<T> {
  readonly #code: StepCode<T>;
  readonly #shared: RunShared;
  /** A result that was uploaded, and what names it. */
  #uploaded: { readonly original: Payload; readonly named: Payload } | undefined;

  constructor(code: StepCode<T>, shared: RunShared) {
    this.#code = code;
    this.#shared = shared;
  }

  call(step: LoopStep): Payload | undefined | Promise<Payload | undefined> {
    const given = this.#code(contextOf(step));
    return given instanceof Promise
      ? given.then((value) => this.#settle(value, step.signal))
      : this.#settle(given, step.signal);
  }

  /** The result itself, where it is what this attempt has uploaded. */
  original(result: Payload | undefined): Payload | undefined {
    return result !== undefined && result === this.#uploaded?.named ? this.#uploaded.original : result;
  }

  #settle(value: unknown, signal: AbortSignal): Payload | undefined | Promise<Payload | undefined> {
    const original = payloadOf(value, 'result');
    const settled = this.#shared.large.settle(original, this.#shared.info.runId, signal);
    if (!(settled instanceof Promise) || original === undefined) return settled;
    return settled.then((named) => {
      this.#uploaded = { original, named };
      return named;
    });
  }
}

function contextOf(step: LoopStep): StepContext {
  return {
    get signal() {
      return step.signal;
    },
    attempt: step.attempt,
    idempotencyKey: step.idempotencyKey,
    fence: step.fence,
    heartbeat: (details) => step.heartbeat(payloadOf(details, 'details')),
  };
}
