import type { StepOptions as LoopStepOptions } from '#libs/work-loop/run/function-run.ts';
import type { Attribute } from '../values/attributes.ts';
import type { Given } from '../values/given.ts';
import type { Signal } from './signal.ts';
import type { Workflow } from './workflow.ts';

/** What is known of a run. */
export interface RunInfo {
  readonly runId: string;
  /** Which start under that id. */
  readonly incarnation: string;
  readonly workflow: string;
  readonly version: string;
  /** The attempt of the workflow, from 1. */
  readonly attempt: number;
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
}

/** What the code of a step is given. */
export interface StepContext {
  /** Aborts when the attempt has timed out, the run is cancelled, or the worker has lost the run. */
  readonly signal: AbortSignal;
  /** The attempt, from 1. */
  readonly attempt: number;
  /** The same over all attempts of the step, and of no other step: for services that take a key. */
  readonly idempotencyKey: string;
  /** Grows with every assignment of the run: for stores that refuse a writer who was replaced. */
  readonly fence: bigint;
  /** Says that the attempt is alive, and how far it is. At most one in 250 ms is sent, the rest is left out. */
  readonly heartbeat: (details?: unknown) => void;
}

/** The code of a step. What it gives travels as JSON; bytes stay bytes. */
export type StepCode<T> = (step: StepContext) => T | Promise<T>;

/** How a step is run. */
export type StepOptions = LoopStepOptions;

/** How a signal is waited for. */
export interface WaitForOptions {
  /** The longest wait, up to 10 years. Default: for ever. */
  readonly timeoutMs?: number;
  /** The name of the wait. Default: the signal's. */
  readonly name?: string;
}

/** How a child is started. */
export interface ChildOptions {
  /**
   * `wait` waits for its end; so does `cancel`, and a cancel of this run cancels the child; `detach` waits only for its
   * start, and it goes its own way. Default `wait`.
   */
  readonly mode?: 'wait' | 'cancel' | 'detach';
  /** The name of the step. Default: the workflow's. */
  readonly name?: string;
  /** Default: derived from this run and the step. */
  readonly runId?: string;
  /** Default: this run's. */
  readonly priority?: number;
  readonly tags?: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Default: the workflow's. */
  readonly runTimeoutMs?: number;
  /** Default: the workflow's. */
  readonly queue?: string;
}

/** A child that goes its own way. */
export interface ChildHandle<Output> {
  readonly runId: string;
  readonly incarnation: string;
  /** Waits for its output. Rejects with ChildError when it does not complete. */
  result(): Promise<Output>;
}

/** How branches are run. */
export interface AllOptions {
  /** How many run at a time. 1 to 10 000, default 1 000. */
  readonly concurrency?: number;
}

/** A part of a workflow that goes on beside others. Its context names steps in a scope of their own. */
export type Branch<T> = (ctx: WorkflowContext) => Promise<T>;

/** Lines that are written once, however often the workflow is replayed. */
export interface WorkflowLog {
  debug(message: string, data?: unknown): void;
  info(message: string, data?: unknown): void;
  warn(message: string, data?: unknown): void;
  error(message: string, data?: unknown): void;
}

/**
 * What a workflow is run with. Everything that is awaited here is recorded before it is given, and given in the order of
 * the log, one in a turn of the event loop, whether the workflow runs or is replayed.
 *
 * Every call rejects with INVALID_FIELDS for what breaks a rule, QUOTA_EXCEEDED when more than 10 000 things are awaited at
 * once, and CancelledError once, when the run is cancelled.
 */
export interface WorkflowContext {
  readonly run: RunInfo;
  /** Aborts when the worker has lost the run, or has put it aside: whatever the code waits for besides is of no use. */
  readonly signal: AbortSignal;
  readonly log: WorkflowLog;
  /**
   * Runs code once, as far as anybody can: what it gives is recorded, and given again by a replay. Rejects with StepError
   * when the attempts are used up.
   */
  step<T>(name: string, code: StepCode<T>, options?: StepOptions): Promise<T>;
  /** Waits for a time span of up to 10 years. The name is `sleep` by default. */
  sleep(ms: number, name?: string): Promise<void>;
  /** Waits for a moment; the past is now. The name is `sleep` by default. */
  sleepUntil(time: Date | number, name?: string): Promise<void>;
  /** Waits for a signal. Undefined: it did not come in time. */
  waitFor<T>(signal: Signal<T>, options?: WaitForOptions): Promise<T | undefined>;
  /** Runs another workflow. Rejects with ChildError when it cannot be started or does not complete. */
  child<I, O>(
    workflow: Workflow<I, O>,
    input: NoInfer<I>,
    options: ChildOptions & { mode: 'detach' },
  ): Promise<ChildHandle<O>>;
  child<I, O>(workflow: Workflow<I, O>, ...given: Given<I, ChildOptions & { mode?: 'wait' | 'cancel' }>): Promise<O>;
  /**
   * Runs a branch for every item, so many at a time, and gives what they give in the order of the items. When one fails,
   * those under way are cancelled, no other is begun, and the failure is given once all have ended.
   */
  all<T, R>(
    items: readonly T[],
    branch: (ctx: WorkflowContext, item: T, index: number) => Promise<R>,
    options?: AllOptions,
  ): Promise<R[]>;
  /** Gives what the first branch to end gives, or why it failed; the others are cancelled. */
  race<const B extends readonly Branch<unknown>[]>(branches: B): Promise<Awaited<ReturnType<B[number]>>>;
  /** Gives what the first branch to succeed gives; the others are cancelled. Rejects with AggregateError when none does. */
  any<const B extends readonly Branch<unknown>[]>(branches: B): Promise<Awaited<ReturnType<B[number]>>>;
  /** Sets a key of the run's state, which GetRun shows at once; undefined removes it. */
  set(key: string, value: unknown): Promise<void>;
  /** Sets attributes by which the run is found; undefined removes one. */
  attributes(values: Readonly<Record<string, Attribute | undefined>>): Promise<void>;
  /** The time, recorded. */
  now(): Promise<Date>;
  /** A number from 0 up to 1, recorded. */
  random(): Promise<number>;
  /** A random UUID, recorded. */
  uuid(): Promise<string>;
  /**
   * Whether code that was added under this id runs: true for runs that come here for the first time, false in the replay of
   * those that passed without it. At most 119 bytes.
   */
  patched(id: string): boolean;
}
