import { type BenchProcess, startClientProcess, startStateProcess, startWorkerProcess } from './processes.ts';

/** What was reached with so many runs at a time. */
export interface Point {
  readonly concurrency: number;
  readonly runsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of a core that each process used, 1 for a whole one. */
  readonly cpu: { readonly state: number; readonly worker: number; readonly client: number };
  /** The same load by the unary calls StartRun and WaitRun. */
  readonly unaryRunsPerSecond: number;
}

/**
 * What the processes work before anything is measured, at so many runs at a time. A service that is up for days is what
 * is of interest, and code that has run but a few hundred times is not compiled yet.
 */
export const AT_WORK_MS = 4_000;
const AT_WORK_CONCURRENCY = 64;
const WARM_UP_MS = 1_000;
/** Part of the time that the unary calls get: they have no bar. */
const UNARY_SHARE = 0.5;

/** Measures runs of so many steps on a fresh store, at each number of runs at a time. */
export async function measurePoints(
  store: string,
  steps: number,
  concurrencies: readonly number[],
  measureMs: number,
): Promise<readonly Point[]> {
  await using state = await startStateProcess(store);
  await using worker = await startWorkerProcess(state.address, steps);
  await using client = await startClientProcess(state.address);
  await client.measure({ by: 'session', concurrency: AT_WORK_CONCURRENCY, warmUpMs: AT_WORK_MS, measureMs: 0 });
  const points: Point[] = [];
  for (const concurrency of concurrencies) {
    const processes: readonly BenchProcess[] = [state, worker, client];
    // The CPU of the warm-up and of the last runs is counted too, and so is their time.
    const before = await Promise.all(processes.map((one) => one.cpuSeconds()));
    const began = performance.now();
    const result = await client.measure({ by: 'session', concurrency, warmUpMs: WARM_UP_MS, measureMs });
    const elapsed = (performance.now() - began) / 1000;
    const after = await Promise.all(processes.map((one) => one.cpuSeconds()));
    const [stateCpu = 0, workerCpu = 0, clientCpu = 0] = after.map(
      (cpu, index) => (cpu - (before[index] ?? 0)) / elapsed,
    );
    const unary = await client.measure({
      by: 'unary',
      concurrency,
      warmUpMs: WARM_UP_MS / 2,
      measureMs: measureMs * UNARY_SHARE,
    });
    const sorted = result.latencies.toSorted((a, b) => a - b);
    points.push({
      concurrency,
      runsPerSecond: result.runs / result.seconds,
      p50Ms: sorted[sorted.length >> 1] ?? Number.NaN,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
      cpu: { state: stateCpu, worker: workerCpu, client: clientCpu },
      unaryRunsPerSecond: unary.runs / unary.seconds,
    });
  }
  return points;
}
