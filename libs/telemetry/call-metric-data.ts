import { type HrTime, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type HistogramMetricData,
  type ScopeMetrics,
  type SumMetricData,
} from '@opentelemetry/sdk-metrics';
import { type CallSeries, DURATION_BOUNDS_MS } from './call-metrics.ts';

const BOUNDS_SECONDS = DURATION_BOUNDS_MS.map((bound) => bound / 1_000);

// The text that is rendered carries no times.
const NO_TIME: HrTime = [0, 0];

/** The counted calls as OpenTelemetry's data: `millrace_rpc_calls_total` and `millrace_rpc_call_duration_seconds`. */
export function callMetricData(series: readonly CallSeries[]): ScopeMetrics {
  const counted = series.map((one) => ({ ...one, count: one.buckets.reduce((sum, calls) => sum + calls, 0) }));
  const calls: SumMetricData = {
    descriptor: {
      name: 'millrace_rpc_calls',
      description: 'calls that ended, by method, door and gRPC code',
      unit: '',
      valueType: ValueType.INT,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: counted.map((one) => dataPoint(one, one.count)),
  };
  const durations: HistogramMetricData = {
    descriptor: {
      name: 'millrace_rpc_call_duration_seconds',
      description: 'how long calls took, by method, door and gRPC code; streams count from their start to their end',
      unit: '',
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: counted.map((one) =>
      dataPoint(one, {
        buckets: { boundaries: [...BOUNDS_SECONDS], counts: [...one.buckets] },
        sum: one.sumMs / 1_000,
        count: one.count,
      }),
    ),
  };
  return { scope: { name: 'millrace-rpc' }, metrics: series.length === 0 ? [] : [calls, durations] };
}

function dataPoint<T>({ path, door, code }: CallSeries, value: T): DataPoint<T> {
  return { startTime: NO_TIME, endTime: NO_TIME, attributes: { method: path.replace(/^\//, ''), door, code }, value };
}
