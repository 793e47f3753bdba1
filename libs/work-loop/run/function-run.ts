import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { AttributeValue } from '#gen/millrace/state/v1/attribute_pb.ts';
import type { RetryPolicy } from '#libs/engine/retry/retry-policy.ts';
import type { ReceivedSignal } from './errors.ts';

/** The code of a workflow: called anew for every replay, so that between its steps it must always do the same. */
export type RunFunction = (run: FunctionRun) => Promise<Payload | undefined>;

/** What is known of the run and of the assignment by which it is worked on. */
export interface RunFacts {
  readonly runId: string;
  readonly incarnation: string;
  readonly workflow: string;
  readonly version: string;
  readonly definitionHash: string;
  /** The attempt of the function, from 1. */
  readonly attempt: number;
  /** The lease's fence, which user code may pass on. */
  readonly fence: bigint;
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly traceparent: string;
}

/** What the code of a step is given. */
export interface StepContext {
  /** Aborts when the attempt has timed out, the run is cancelled, or the worker has lost the run. */
  readonly signal: AbortSignal;
  /** The attempt, from 1. */
  readonly attempt: number;
  /** The same over all attempts of the step, and of no other step. */
  readonly idempotencyKey: string;
  readonly fence: bigint;
  /** Says that the attempt is alive, and how far it is. At most one in 250 ms is sent, the rest is left out. */
  heartbeat(details?: Payload): void;
}

/** The code of a step. */
export type StepFunction = (step: StepContext) => Payload | undefined | Promise<Payload | undefined>;

/** How a step is run. */
export interface StepOptions {
  /** When a failed attempt is tried again. Default: 3 attempts, 1 s, ×2, at most 60 s, jitter 0.2. */
  readonly retry?: RetryPolicy;
  /** How long an attempt may take; the server watches it. 1 ms to 30 days. Default: no limit. */
  readonly timeoutMs?: number;
  /**
   * How long all attempts together may take, with the waits between them: no attempt is begun after it, the last one is
   * cut, and the step fails with its last error. 1 ms to 10 years. Default: no limit.
   */
  readonly totalTimeoutMs?: number;
  /** How long an attempt may go without a heartbeat. 100 ms to 24 h. Default: any. */
  readonly heartbeatTimeoutMs?: number;
}

/** How a signal is waited for. */
export interface WaitOptions {
  /** The longest wait, up to 10 years. Default: for ever. */
  readonly timeoutMs?: number;
  /** The name of the wait. Default: the signal's. */
  readonly name?: string;
}

/** How a child is started. */
export interface ChildOptions {
  /** The name of the step. Default: the workflow's. */
  readonly name?: string;
  /** Default: chosen by the server. */
  readonly version?: string;
  /** Default: derived from the run, the step and its occurrence. */
  readonly runId?: string;
  /** 1, the most urgent, to 5. Default: the parent's. */
  readonly priority?: number;
  readonly tags?: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Default: the definition's. */
  readonly runTimeoutMs?: number;
  /** Default: the definition's. */
  readonly queue?: string;
  /** A cancel of the parent cancels the child. Default false. */
  readonly isCancelledWithParent?: boolean;
}

/** A child that has started. */
export interface StartedChild {
  readonly runId: string;
  readonly incarnation: string;
}

/**
 * What a function is run with. Everything that is awaited here is recorded before it is given, and given in the order of
 * the log, one in a turn of the event loop, whether the function runs or is replayed. Steps are named by name and
 * occurrence. Once the worker has lost the run nothing settles any more.
 *
 * Every call rejects with INVALID_FIELDS for what breaks a rule, QUOTA_EXCEEDED when too much is awaited at once, and
 * CancelledError once, when the run is cancelled.
 */
export interface FunctionRun {
  /** Absent: null. */
  readonly input: Payload | undefined;
  readonly facts: RunFacts;
  /** Aborts when the worker has lost the run, or has put it aside. */
  readonly signal: AbortSignal;
  /** The function is doing again what it did before. */
  readonly isReplaying: boolean;
  /**
   * Runs code once, as far as anybody can: what it gives is recorded, and given again by a replay; where the server has
   * moved it into its blob store, as a reference. Rejects with StepError when the attempts are used up.
   */
  step(name: string, code: StepFunction, options?: StepOptions): Promise<Payload | undefined>;
  /** As `step`, but for what `read` makes of the result; what that throws is the rejection. */
  stepAs<T>(
    name: string,
    code: StepFunction,
    options: StepOptions | undefined,
    read: (result: Payload | undefined) => T,
  ): Promise<T>;
  /** Records a value that is read from outside: time, randomness, an id, a patch. */
  value(name: string, read: () => Payload | undefined): Promise<Payload | undefined>;
  /** Sets a key of the state document; undefined removes it. */
  set(key: string, value: Payload | undefined): Promise<void>;
  /** Sets attributes, and removes some. */
  setAttributes(values: Readonly<Record<string, AttributeValue>>, remove?: readonly string[]): Promise<void>;
  /** Waits for a time span of up to 10 years. The name is `sleep` by default. */
  sleep(ms: number, name?: string): Promise<void>;
  /** Waits for a moment, in milliseconds since 1970; the past is now. The name is `sleep` by default. */
  sleepUntil(timeMs: number, name?: string): Promise<void>;
  /** Waits for a signal. Undefined: it did not come in time. */
  waitSignal(signal: string, options?: WaitOptions): Promise<ReceivedSignal | undefined>;
  /** Runs another workflow and waits for its output. Rejects with ChildError when it does not complete. */
  child(workflow: string, input: Payload | undefined, options?: ChildOptions): Promise<Payload | undefined>;
  /** Starts another workflow that goes its own way. Rejects with ChildError when it cannot be started. */
  startChild(workflow: string, input: Payload | undefined, options?: ChildOptions): Promise<StartedChild>;
  /** Waits for the output of a child that was started before. The name is `child` by default. */
  waitChild(runId: string, name?: string): Promise<Payload | undefined>;
  /**
   * Whether code that was added under this id runs: it does where nothing is in the log beyond this point, and where it
   * did when the log was made. The answer is recorded, and the same for the rest of the run. At most 119 bytes.
   */
  patched(id: string): boolean;
  /** Begins something of this kind that has branches. */
  fork(kind: string): FunctionBranches;
}

/** Parts of a function that go on beside each other. */
export interface FunctionBranches {
  /** Makes the branch of a number. */
  branch(number: number): FunctionBranch;
  /** Throws a CancelledError into what branches await, or into the next thing that they ask for; only once into each. */
  cancel(branches: Iterable<FunctionBranch>): void;
}

/** A part of a function that goes on beside others: what it awaits is named in a scope of its own. */
export interface FunctionBranch {
  readonly run: FunctionRun;
  readonly scope: string;
  /** The branch asks for nothing more. */
  end(): void;
}
