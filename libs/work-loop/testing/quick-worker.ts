import type { RunFunction } from '../run/function-run.ts';
import { createWorker, type Worker } from '../worker.ts';
import type { WorkerLimits, WorkerOptions } from '../worker-options.ts';
import type { TestRun } from './test-run.ts';
import type { TestServer } from './test-server.ts';

/** Limits that let tests be short. */
const QUICK: Partial<WorkerLimits> = {
  reconnectMinMs: 2,
  reconnectMaxMs: 10,
  resendMinMs: 5,
  resendMaxMs: 20,
  yieldMs: 30,
  divergenceMs: 20,
};

/** A worker of version 1 of `flow`. */
export function quickWorker(
  { channel }: TestServer,
  code: RunFunction,
  { limits, ...options }: Partial<WorkerOptions> = {},
): Worker {
  return createWorker({
    channel,
    functions: [{ workflow: 'flow', version: '1', code }],
    slots: 10,
    limits: { ...QUICK, ...limits },
    ...options,
  });
}

/** Waits until something is so, for at most ten seconds. */
export async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > end) throw new RangeError(`not so in time: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Waits until a run has ended. */
export async function untilEnded(...runs: readonly TestRun[]): Promise<void> {
  for (const run of runs) await until(() => run.status !== 'open');
}
