import type { Meter, Observable } from '@opentelemetry/api';
import type { ProcessStats } from './process-stats.ts';

/** Registers what the process uses, under the names that dashboards for Prometheus and Node know. */
export function registerProcessMetrics(meter: Meter, readStats: () => ProcessStats): void {
  const counter = (name: string, description: string): Observable =>
    meter.createObservableCounter(name, { description });
  const gauge = (name: string, description: string): Observable => meter.createObservableGauge(name, { description });

  const observed: readonly (readonly [Observable, (stats: ProcessStats) => number])[] = [
    [counter('process_cpu_seconds', 'CPU time of the process, user and system'), (stats) => stats.cpuSeconds],
    [gauge('process_resident_memory_bytes', 'memory that the process holds'), (stats) => stats.residentBytes],
    [gauge('process_start_time_seconds', 'when the process started, in Unix time'), (stats) => stats.startTimeSeconds],
    [gauge('nodejs_heap_size_used_bytes', 'heap in use'), (stats) => stats.heapUsedBytes],
    [gauge('nodejs_heap_size_total_bytes', 'heap held'), (stats) => stats.heapTotalBytes],
    [gauge('nodejs_external_memory_bytes', 'memory of objects outside the heap'), (stats) => stats.externalBytes],
    [
      gauge('nodejs_eventloop_lag_max_seconds', 'how late the event loop was at worst since the last reading'),
      (stats) => stats.loopLagMaxSeconds,
    ],
    [
      gauge('nodejs_eventloop_lag_p99_seconds', 'the 99th percentile of the lag since the last reading'),
      (stats) => stats.loopLagP99Seconds,
    ],
    [
      gauge('nodejs_active_handles_total', 'open handles: sockets, servers, timers and so on'),
      (stats) => stats.openHandles,
    ],
  ];
  meter.addBatchObservableCallback(
    (result) => {
      const stats = readStats();
      for (const [instrument, read] of observed) {
        result.observe(instrument, read(stats));
      }
    },
    observed.map(([instrument]) => instrument),
  );
}
