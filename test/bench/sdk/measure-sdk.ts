import { AT_WORK_MS } from '../hot-path/measure-points.ts';
import { startBenchProcess, startClientProcess, startStateProcess, startWorkerProcess } from '../hot-path/processes.ts';
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
const WARM_UP_MS = 500;
/** Slices in turn, so that what else the machine does, and how the store grows, is no gain for either. */
const ORDER = ['thin', 'sdk', 'sdk', 'thin', 'thin', 'sdk', 'sdk', 'thin'] as const;

/**
 * Measures runs of so many steps on a fresh store, by the thin loop and by the SDK in turn at each number of runs at a
 * time. They share the state service; worker and client are processes of their own.
 */
export async function measureSdk(
  store: string,
  steps: number,
  concurrencies: readonly number[],
  measureMs: number,
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

  /** Adds a slice of time to what one way has reached. */
  async function measure(way: 'thin' | 'sdk', concurrency: number, into: Slices): Promise<void> {
    const { by, worker, client } = ways[way];
    const before = [await worker.cpuSeconds(), await client.cpuSeconds()] as const;
    const began = performance.now();
    const order = { by, concurrency, warmUpMs: WARM_UP_MS, measureMs: measureMs / (ORDER.length / 2) };
    const { runs, seconds, latencies } = await client.measure(order);
    const elapsed = (performance.now() - began) / 1000;
    // The CPU of the warm-up and of the last runs is counted too, and so are their runs.
    into.counted += (runs / seconds) * elapsed;
    into.workerCpu += (await worker.cpuSeconds()) - before[0];
    into.clientCpu += (await client.cpuSeconds()) - before[1];
    into.runs += runs;
    into.seconds += seconds;
    into.latencies.push(...latencies);
  }

  const points: SdkPoint[] = [];
  for (const concurrency of concurrencies) {
    const slices = { thin: emptySlices(), sdk: emptySlices() };
    for (const way of ORDER) await measure(way, concurrency, slices[way]);
    points.push({ concurrency, thin: reached(slices.thin), sdk: reached(slices.sdk) });
  }
  return points;
}

/** What was measured of one way so far. */
interface Slices {
  runs: number;
  seconds: number;
  /** Runs that the CPU is counted of. */
  counted: number;
  workerCpu: number;
  clientCpu: number;
  readonly latencies: number[];
}

function emptySlices(): Slices {
  return { runs: 0, seconds: 0, counted: 0, workerCpu: 0, clientCpu: 0, latencies: [] };
}

function reached({ runs, seconds, counted, workerCpu, clientCpu, latencies }: Slices): Reached {
  return {
    runsPerSecond: runs / seconds,
    p50Ms: median(latencies),
    workerCpu: (workerCpu / counted) * 1e6,
    clientCpu: (clientCpu / counted) * 1e6,
  };
}
