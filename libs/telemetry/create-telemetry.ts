import type { Meter } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { CallObserver } from '#libs/rpc/server-options.ts';
import { callMetricData } from './call-metric-data.ts';
import { createCallMetrics } from './call-metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { createProcessStatsReader } from './process-stats.ts';

/** What says which build runs. */
export interface BuildInfo {
  readonly service: string;
  readonly version: string;
  /** The version of Node. */
  readonly node: string;
}

/** The metrics of one service. */
export interface Telemetry extends AsyncDisposable {
  /** Where the other parts make their instruments. */
  readonly meter: Meter;
  /** Counts the calls of the service's server. */
  readonly calls: CallObserver;
  /** Everything as Prometheus text. */
  render(): Promise<string>;
}

/** The content type of what `render` answers. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Reads only when it is asked to; it opens no port. */
class OnDemandReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** Starts counting. Each service of a process has telemetry of its own. */
export function createTelemetry(build: BuildInfo, process: NodeJS.Process): Telemetry {
  const reader = new OnDemandReader();
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('millrace');
  const stats = createProcessStatsReader(process);
  const calls = createCallMetrics();
  // Millrace's metrics are few and its own: labels for library scope and target would say the same on every line.
  const serializer = new PrometheusSerializer('', false, undefined, true, true);

  registerProcessMetrics(meter, () => stats.read());
  meter
    .createObservableGauge('millrace_build_info', { description: 'which build runs; always 1' })
    .addCallback((result) => result.observe(1, { ...build }));

  return {
    meter,
    calls,
    async render() {
      const { resourceMetrics } = await reader.collect();
      const scopeMetrics = [callMetricData(calls.readSeries()), ...resourceMetrics.scopeMetrics];
      return `${serializer.serialize({ ...resourceMetrics, scopeMetrics })}\n`;
    },
    async [Symbol.asyncDispose]() {
      stats[Symbol.dispose]();
      await provider.shutdown();
    },
  };
}
