import { AT_WORK_MS } from '../hot-path/measure-points.ts';
import {
  type ClientProcess,
  startBenchProcess,
  startClientProcess,
  startStateProcess,
  startWorkerProcess,
} from '../hot-path/processes.ts';
import { median } from '../report.ts';

/** What one way to write the workload reached. */
export interface Reached {
  readonly runsPerSecond: number;
  readonly p50Ms: number;
  /** CPU of a run in microseconds. */
  readonly workerCpu: number;
  readonly clientCpu: number;
}

/** One point: the same workload both ways. */
export interface SdkPoint {
  readonly concurrency: number;
  readonly thin: Reached;
  readonly sdk: Reached;
}

const AT_WORK_CONCURRENCY = 64;
const WARM_UP_MS = 1_000;

/**
 * Measures runs of so many steps on a fresh store, by the thin loop and by the SDK in turn at each number of runs at a
 * time. They share the state service; worker and client are processes of their own.
 */
export async function measureSdk(
  store: string,
  steps: number,
  concurrencies: readonly number[],
  measureMs: number,
  isSdkFirst: boolean,
): Promise<readonly SdkPoint[]> {
  await using state = await startStateProcess(store);
  await using thinWorker = await startWorkerProcess(state.address, steps);
  await using thinClient = await startClientProcess(state.address);
  await using sdkWorker = await startBenchProcess(
    new URL('./worker-process.ts', import.meta.url),
    [state.address, steps],
    'the worker of the SDK',
  );
  await using sdkClient = await startClientProcess(state.address);
  const ways = {
    thin: { by: 'session', worker: thinWorker, client: thinClient },
    sdk: { by: 'sdk', worker: sdkWorker, client: sdkClient },
  } as const;
  for (const { by, client } of Object.values(ways)) {
    await client.measure({ by, concurrency: AT_WORK_CONCURRENCY, warmUpMs: AT_WORK_MS, measureMs: 0 });
  }

  async function reach(way: 'thin' | 'sdk', concurrency: number): Promise<Reached> {
    const { by, worker, client } = ways[way];
    const before = [await worker.cpuSeconds(), await client.cpuSeconds()] as const;
    const began = performance.now();
    const { runs, seconds, latencies } = await measure(client, by, concurrency);
    const elapsed = (performance.now() - began) / 1000;
    const runsPerSecond = runs / seconds;
    // The CPU of the warm-up and of the last runs is counted too, and so are their runs.
    const perRun = (after: number, first: number): number => ((after - first) / elapsed / runsPerSecond) * 1e6;
    return {
      runsPerSecond,
      p50Ms: median(latencies),
      workerCpu: perRun(await worker.cpuSeconds(), before[0]),
      clientCpu: perRun(await client.cpuSeconds(), before[1]),
    };
  }

  function measure(client: ClientProcess, by: 'session' | 'sdk', concurrency: number) {
    return client.measure({ by, concurrency, warmUpMs: WARM_UP_MS, measureMs });
  }

  const points: SdkPoint[] = [];
  for (const concurrency of concurrencies) {
    if (isSdkFirst) {
      const sdk = await reach('sdk', concurrency);
      points.push({ concurrency, thin: await reach('thin', concurrency), sdk });
    } else {
      const thin = await reach('thin', concurrency);
      points.push({ concurrency, thin, sdk: await reach('sdk', concurrency) });
    }
  }
  return points;
}
