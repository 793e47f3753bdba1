import { randomUUID } from 'node:crypto';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { FunctionRun, StepOptions } from '#libs/work-loop/run/function-run.ts';
import type { Signal } from '../author/signal.ts';
import type { Workflow } from '../author/workflow.ts';
import type {
  AllOptions,
  Branch,
  ChildHandle,
  ChildOptions,
  RunInfo,
  StepCode,
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
import { StepAttempts } from './step-attempts.ts';

/** What the contexts of one run share. */
export interface RunShared {
  readonly info: RunInfo;
  readonly log: WorkflowLog;
  /** How steps are run that do not say otherwise. */
  readonly stepOptions: Pick<StepOptions, 'retry'> | undefined;
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

  step<T>(name: string, code: StepCode<T>, options?: StepOptions): Promise<T> {
    const attempts = new StepAttempts(code, this.#shared);
    return this.#run.stepAs(
      name,
      (step) => attempts.call(step),
      this.#complete(options),
      (result) => valueOf(attempts.original(result), name) as T,
    );
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

  #complete(options: StepOptions | undefined): StepOptions | undefined {
    const { stepOptions } = this.#shared;
    if (options === undefined) return stepOptions;
    return stepOptions === undefined || options.retry !== undefined ? options : { ...options, ...stepOptions };
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
