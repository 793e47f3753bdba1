import process from 'node:process';
import { expect, test } from 'vitest';
import { createTelemetry } from './create-telemetry.ts';

const BUILD = { service: 'millrace-state', version: '1.2.3', node: 'v24.0.0' };

test('calls, process and build are rendered as Prometheus text', async () => {
  await using telemetry = createTelemetry(BUILD, process);
  telemetry.calls.callEnded('/a.B/C', 'grpc', 'OK', 3);
  telemetry.calls.callEnded('/a.B/C', 'grpc', 'OK', 70_000);
  const text = await telemetry.render();

  expect(text).toContain('# TYPE millrace_rpc_calls_total counter\n');
  expect(text).toContain('millrace_rpc_calls_total{method="a.B/C",door="grpc",code="OK"} 2\n');
  expect(text).toContain('# TYPE millrace_rpc_call_duration_seconds histogram\n');
  expect(text).toContain(
    'millrace_rpc_call_duration_seconds_bucket{method="a.B/C",door="grpc",code="OK",le="0.005"} 1\n',
  );
  expect(text).toContain(
    'millrace_rpc_call_duration_seconds_bucket{method="a.B/C",door="grpc",code="OK",le="+Inf"} 2\n',
  );
  expect(text).toContain('millrace_rpc_call_duration_seconds_count{method="a.B/C",door="grpc",code="OK"} 2\n');
  expect(text).toContain('millrace_rpc_call_duration_seconds_sum{method="a.B/C",door="grpc",code="OK"} 70.003\n');
  expect(text).toContain('millrace_build_info{service="millrace-state",version="1.2.3",node="v24.0.0"} 1\n');
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_heap_size_used_bytes']) {
    expect(Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])).toBeGreaterThan(0);
  }
  for (const name of ['nodejs_eventloop_lag_max_seconds', 'nodejs_active_handles_total']) {
    expect(Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])).toBeGreaterThanOrEqual(0);
  }
});

test('every line is a comment or a sample', async () => {
  await using telemetry = createTelemetry(BUILD, process);
  telemetry.calls.callEnded('/a.B/C"\n', 'http', 'OK', 3);
  const lines = (await telemetry.render()).split('\n');
  for (const line of lines.filter((one) => one !== '')) {
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(\{.*\})? (\S+))$/);
  }
});

test('an instrument made through the meter is rendered', async () => {
  await using telemetry = createTelemetry(BUILD, process);
  telemetry.meter.createCounter('millrace_things', { description: 'things' }).add(2, { kind: 'x' });
  expect(await telemetry.render()).toContain('millrace_things_total{kind="x"} 2\n');
});

test('the telemetry of two services in one process is kept apart', async () => {
  await using one = createTelemetry(BUILD, process);
  await using other = createTelemetry({ ...BUILD, service: 'millrace-worker' }, process);
  one.calls.callEnded('/a.B/C', 'grpc', 'OK', 3);
  expect(await other.render()).not.toContain('a.B/C');
});
