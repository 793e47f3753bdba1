import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { createChannel, type RpcChannel } from '#libs/rpc/client/channel.ts';
import { createRunSession, type RunSession } from '#libs/run-session/run-session.ts';
import type { RunFunction } from '#libs/work-loop/run/function-run.ts';
import { createWorker, type Worker } from '#libs/work-loop/worker.ts';
import type { WorkerLimits, WorkerOptions } from '#libs/work-loop/worker-options.ts';
import { GRPC, ROOT, type ServedState } from '#test/contract/state/serve-state.ts';
import { type UnaryCalls, unaryCalls } from '#test/contract/state/unary-calls.ts';

/** Limits that let tests be short. */
const QUICK: Partial<WorkerLimits> = {
  reconnectMinMs: 5,
  reconnectMaxMs: 50,
  resendMinMs: 5,
  resendMaxMs: 50,
  yieldMs: 50,
};

/** A tenant whose functions are run by real workers and started by a real session. Disposing ends all of them. */
export interface FunctionWorld extends AsyncDisposable {
  readonly calls: UnaryCalls;
  readonly session: RunSession;
  /** Connects a worker that runs functions, by their workflow; all are of version 1. */
  worker(functions: Readonly<Record<string, RunFunction>>, more?: Partial<WorkerOptions>): Promise<Worker>;
  /** Everything in the log of a run, read through whatever node serves it now. */
  events(served: ServedState, runId: string): Promise<readonly Event[]>;
}

/** Opens a world at a gRPC door that may move. */
export async function createFunctionWorld(served: ServedState, address?: string): Promise<FunctionWorld> {
  const calls = await unaryCalls(GRPC, served);
  const { tenantId } = calls;
  const stack = new AsyncDisposableStack();
  const connectTo = address ?? served.addresses.grpc;
  const open = (): RpcChannel =>
    stack.use(createChannel({ address: connectTo, token: 'root', reconnectMinMs: 100, reconnectMaxMs: 200 }));
  const session = stack.use(createRunSession({ channel: open(), tenantId, limits: { retryMinMs: 5, retryMaxMs: 50 } }));
  return {
    calls,
    session,
    worker: async (functions, more = {}) => {
      const worker = createWorker({
        channel: open(),
        tenantId,
        functions: Object.entries(functions).map(([workflow, code]) => ({ workflow, version: '1', code })),
        ...more,
        limits: { ...QUICK, ...more.limits },
      });
      stack.defer(() => worker.close());
      await worker.ready;
      return worker;
    },
    events: async (node, runId) => {
      const { dispatch } = await unaryCalls(GRPC, node, tenantId);
      return (await dispatch.getHistory({ tenantId, runId, pageSize: 1_000 }, ROOT)).events;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** How many events are of a kind. */
export function countOf(events: readonly Event[], kind: Event['kind']['case']): number {
  return events.filter((event) => event.kind.case === kind).length;
}

/** Waits until something is so, for at most twenty seconds. */
export async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > end) throw new RangeError(`not so in time: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
