import type { WorkRequest } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { Clock } from '#libs/partition/timers/clock.ts';
import { createLocalChannel } from '#libs/rpc/local/local-channel.ts';
import type { LocalServer } from '#libs/rpc/local/local-server.ts';
import type { AnyWorkflow } from '#libs/sdk/author/workflow.ts';
import { workerFunctionOf } from '#libs/sdk/run/worker-function.ts';
import type { LogLine } from '#libs/sdk/run/workflow-log.ts';
import { createLargePayloads } from '#libs/sdk/values/large-payloads.ts';
import { createWorker, type Worker } from '#libs/work-loop/worker.ts';
import type { WorkerLimits } from '#libs/work-loop/worker-options.ts';

/** The worker of a test, or the one that came after it. */
export interface TestWorker {
  readonly workerId: string;
  /** Runs that it works on. */
  readonly taken: number;
  /** Cuts every stream; it connects again by itself. */
  cut(): void;
  /** Ends it as a crash would, at once or at the n-th result of a step from now on, and starts another one. */
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

const WORK_PATH = `/${DispatchService.typeName}/${DispatchService.method.work.name}`;

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
  let results = 0;
  let death: { readonly atResult: number; readonly done: PromiseWithResolvers<void> } | undefined;

  const channel = createLocalChannel({
    server,
    tap: (path, request) => {
      if (path === WORK_PATH) count(request as WorkRequest);
    },
  });
  const large = createLargePayloads(channel, '');
  const functions = workflows.map((workflow) =>
    workerFunctionOf(workflow, { large, writeLog: onLog, build: undefined, nowMs: () => clock.now() }),
  );
  let worker = open();
  await worker.ready;

  function open(): Worker {
    return createWorker({
      channel,
      functions,
      clock,
      limits: { ...QUICK, ...options.limits },
      loadPayload: (payload, run) => large.load(payload, run),
    });
  }

  function count({ steps = [] }: Partial<WorkRequest>): void {
    for (const { record } of steps) if (record.case === 'result' || record.case === 'failed') results += 1;
    if (death === undefined || results < death.atResult) return;
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
      death = { atResult: results + atStep, done };
      return done.promise;
    },
    close: async () => {
      worker.close();
      await channel[Symbol.asyncDispose]();
    },
  };
}
