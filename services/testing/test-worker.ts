import type { Clock } from '#libs/partition/timers/clock.ts';
import { createLocalChannel } from '#libs/rpc/local/local-channel.ts';
import type { LocalServer } from '#libs/rpc/local/local-server.ts';
import type { AnyWorkflow } from '#libs/sdk/author/workflow.ts';
import { workerFunctionOf } from '#libs/sdk/run/worker-function.ts';
import type { LogLine } from '#libs/sdk/run/workflow-log.ts';
import { createLargePayloads } from '#libs/sdk/values/large-payloads.ts';
import { createWorker, type Worker } from '#libs/work-loop/worker.ts';
import type { WorkerFunction, WorkerLimits } from '#libs/work-loop/worker-options.ts';
import { countedRun } from './counted-run.ts';

/** The worker of a test, or the one that came after it. */
export interface TestWorker {
  readonly workerId: string;
  /** Runs that it works on. */
  readonly taken: number;
  /** Cuts every stream; it connects again by itself. */
  cut(): void;
  /** Ends it as a crash would, at once or when the code of the n-th step from now on has ended, and starts another one. */
  kill(atStep: number | undefined): Promise<void>;
  close(): Promise<void>;
}

/** What a worker of tests is made of. */
export interface TestWorkerOptions {
  readonly workflows: readonly AnyWorkflow[];
  readonly clock: Clock;
  readonly server: () => LocalServer;
  readonly onLog: (line: LogLine) => void;
  readonly limits: Partial<WorkerLimits>;
}

/** A run that waits gives its slot back at once, so that only the server's time counts; and pauses are short. */
const QUICK: Partial<WorkerLimits> = {
  yieldMs: 0,
  divergenceMs: 200,
  reconnectMinMs: 1,
  reconnectMaxMs: 20,
  resendMinMs: 1,
  resendMaxMs: 20,
};

/** Starts a worker and resolves once it is welcome. */
export async function startTestWorker(options: TestWorkerOptions): Promise<TestWorker> {
  const { workflows, clock, server, onLog } = options;
  let endedSteps = 0;
  let death: { readonly atStep: number; readonly done: PromiseWithResolvers<void> } | undefined;

  const channel = createLocalChannel({ server });
  const large = createLargePayloads(channel, '');
  const functions = workflows.map((workflow): WorkerFunction => {
    const whole = workerFunctionOf(workflow, { large, writeLog: onLog, build: undefined, nowMs: () => clock.now() });
    return { ...whole, code: (run) => whole.code(countedRun(run, onStepEnded)) };
  });
  let worker = open();
  try {
    await worker.ready;
  } catch (error) {
    await close();
    throw error;
  }

  function open(): Worker {
    return createWorker({
      channel,
      functions,
      clock,
      limits: { ...QUICK, ...options.limits },
      loadPayload: (payload, run) => large.load(payload, run),
    });
  }

  async function close(): Promise<void> {
    worker.close();
    await channel[Symbol.asyncDispose]();
  }

  /** The code of a step has ended, and nobody knows yet. */
  function onStepEnded(): void {
    endedSteps += 1;
    if (death === undefined || endedSteps < death.atStep) return;
    const { resolve, reject } = death.done;
    death = undefined;
    replace().then(resolve, reject);
  }

  async function replace(): Promise<void> {
    worker.close();
    worker = open();
    await worker.ready;
  }

  return {
    get workerId() {
      return worker.workerId;
    },
    get taken() {
      return worker.taken;
    },
    cut: () => channel.cut(),
    kill: (atStep) => {
      if (atStep === undefined) return replace();
      const done = death?.done ?? Promise.withResolvers<void>();
      death = { atStep: endedSteps + atStep, done };
      return done.promise;
    },
    close,
  };
}
