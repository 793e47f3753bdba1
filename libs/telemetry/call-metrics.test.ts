import { expect, test } from 'vitest';
import { createCallMetrics, DURATION_BOUNDS_MS } from './call-metrics.ts';

test('calls are told apart by method, door and code', () => {
  const metrics = createCallMetrics();
  metrics.callEnded('/a.B/C', 'grpc', 'OK', 1);
  metrics.callEnded('/a.B/C', 'grpc', 'OK', 2);
  metrics.callEnded('/a.B/C', 'http', 'OK', 3);
  metrics.callEnded('/a.B/C', 'grpc', 'NOT_FOUND', 4);
  const series = metrics.readSeries();
  expect(series.map(({ door, code, sumMs }) => ({ door, code, sumMs }))).toEqual([
    { door: 'grpc', code: 'OK', sumMs: 3 },
    { door: 'http', code: 'OK', sumMs: 3 },
    { door: 'grpc', code: 'NOT_FOUND', sumMs: 4 },
  ]);
});

test('a duration falls into the first bucket whose bound it does not exceed', () => {
  const metrics = createCallMetrics();
  for (const durationMs of [0, 0.25, 0.26, 60_000, 60_001]) {
    metrics.callEnded('/a.B/C', 'grpc', 'OK', durationMs);
  }
  const [series] = metrics.readSeries();
  expect(series?.buckets[0]).toBe(2);
  expect(series?.buckets[1]).toBe(1);
  expect(series?.buckets[DURATION_BOUNDS_MS.length - 1]).toBe(1);
  expect(series?.buckets[DURATION_BOUNDS_MS.length]).toBe(1);
});

test('methods beyond the limit are counted together', () => {
  const metrics = createCallMetrics();
  for (let index = 0; index < 1_500; index += 1) {
    metrics.callEnded(`/a.B/C${index}`, 'grpc', 'OK', 1);
  }
  const series = metrics.readSeries();
  expect(series).toHaveLength(1_001);
  expect(series.find(({ path }) => path === 'other')?.sumMs).toBe(500);
});

test('counting a call takes less than a microsecond', () => {
  const metrics = createCallMetrics();
  const calls = 200_000;
  const round = (): number => {
    const startMs = performance.now();
    for (let index = 0; index < calls; index += 1) {
      metrics.callEnded('/millrace.state.v1.RunService/StartRun', 'grpc', 'OK', index % 50);
    }
    return ((performance.now() - startMs) * 1_000) / calls;
  };
  expect(Math.min(round(), round(), round())).toBeLessThan(1);
});
