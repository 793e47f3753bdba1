import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What the process uses, read when it is asked for. */
export interface ProcessStats {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
  /** How late the event loop was at worst, and the 99th percentile, since the last reading. */
  readonly loopLagMaxSeconds: number;
  readonly loopLagP99Seconds: number;
  /** What keeps the event loop alive: sockets, servers, timers and so on. */
  readonly openHandles: number;
  readonly startTimeSeconds: number;
}

/**
 * The lag is sampled this often; it is a timer of the runtime's own that keeps no process alive. Fifty samples a second were
 * half of what an idle service used.
 */
const LAG_RESOLUTION_MS = 100;

/** Reads what a process uses, until it is closed. */
export interface ProcessStatsReader extends Disposable {
  read(): ProcessStats;
}

/** Starts watching a process. */
export function createProcessStatsReader(process: NodeJS.Process): ProcessStatsReader {
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();
  return {
    read() {
      const { user, system } = process.cpuUsage();
      const memory = process.memoryUsage();
      // Each sample is the time between two ticks of the sampling timer, so that its interval is no lag.
      const lagSeconds = (ns: number): number =>
        lag.count === 0 ? 0 : Math.max(0, ns / 1e6 - LAG_RESOLUTION_MS) / 1e3;
      const stats: ProcessStats = {
        cpuSeconds: (user + system) / 1e6,
        residentBytes: memory.rss,
        heapUsedBytes: memory.heapUsed,
        heapTotalBytes: memory.heapTotal,
        externalBytes: memory.external,
        loopLagMaxSeconds: lagSeconds(lag.max),
        loopLagP99Seconds: lagSeconds(lag.percentile(99)),
        openHandles: process.getActiveResourcesInfo().length,
        startTimeSeconds: performance.timeOrigin / 1e3,
      };
      lag.reset();
      return stats;
    },
    [Symbol.dispose]: () => void lag.disable(),
  };
}
