import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { AnyWorkflow } from '#libs/sdk/author/workflow.ts';
import type { Client } from '#libs/sdk/client/client.ts';
import type { RunHandle } from '#libs/sdk/client/run-handle.ts';
import type { LogLine } from '#libs/sdk/run/workflow-log.ts';
import type { WorkerLimits } from '#libs/work-loop/worker-options.ts';

/** What tests run workflows in. */
export interface TestEnvironmentOptions {
  readonly workflows: readonly AnyWorkflow[];
  /** When it begins, for the workflows. Default: now. */
  readonly startTime?: Date | number;
  /**
   * Whether the clock jumps to what is due next whenever everything waits: no run has work, and no message is on its way.
   * Default true. With false it moves by `advance` alone.
   */
  readonly jumps?: boolean;
  /** Takes the lines of workflows. Default: to standard error. */
  readonly onLog?: (line: LogLine) => void;
  /** Bounds of the worker. Default: those that suit tests. */
  readonly limits?: Partial<WorkerLimits>;
}

/**
 * A state service, a worker and a client within this process, and a clock that stands but when it is turned. Disposing ends
 * all of it.
 */
export interface TestEnvironment extends AsyncDisposable {
  readonly client: Client;
  /** What the clock shows: what `ctx.now()` gives, and what timers, retries and timeouts go by. */
  readonly now: Date;
  /** Whether the clock jumps by itself. Safe to change at any time. */
  jumps: boolean;
  /**
   * Turns the clock on by so many milliseconds, 0 or more, and answers when all that was due on the way is done. The code of
   * a step that runs is not waited for.
   */
  advance(ms: number): Promise<void>;
  /** The log of a run so far, as `replay` takes it. Rejects with RUN_NOT_FOUND. */
  history(run: Pick<RunHandle, 'runId'> & Partial<Pick<RunHandle, 'incarnation'>>): Promise<readonly Event[]>;
  /** Cuts every stream of the worker: what is under way is lost, and it connects again. */
  cutStreams(): void;
  /**
   * Ends the worker as a crash would, and starts another one, to which runs come once the lease of the first has run out:
   * 30 s by the clock. With `atStep` it waits for the n-th step from now on whose code has ended, 1 or more, and whose result
   * is lost. Answers when the other worker is there.
   */
  killWorker(options?: { readonly atStep?: number }): Promise<void>;
  /** Ends the state service as a crash would, and starts another one that recovers from its journal. */
  restartState(): Promise<void>;
}
