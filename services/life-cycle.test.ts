import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { lockFolder } from '#libs/store/sqlite/folder-lock.ts';
import { createTestFolder, startProgram } from '#test/service-process.ts';

// A start takes half a second alone, and several on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

async function getInfo(base: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${base}/millrace.common.v1.SystemService/GetInfo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function getText(url: string): Promise<[number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

describe.each([
  { service: 'state', data: ['state'], store: { kind: 'STORE_KIND_SQLITE', product: 'sqlite', format: 1 } },
  { service: 'registry', data: ['registry'], store: { kind: 'STORE_KIND_SQLITE', product: 'sqlite', format: 1 } },
  { service: 'worker', data: [], store: undefined },
] as const)('the $service service alone', ({ service, data, store }) => {
  test('starts, answers probes and GetInfo, and ends with 0 on Ctrl-C', async () => {
    using folder = createTestFolder();
    await using running = await startProgram(service, { folder: folder.path });
    const base = running.http[service] ?? '';

    expect(await getText(`${base}/healthz`)).toEqual([200, 'alive\n']);
    expect(await getText(`${base}/readyz`)).toEqual([200, 'ready\n']);
    expect((await getText(`${base}/`))[1]).toContain(`the ${service} service`);
    const info = await getInfo(base);
    expect(info).toMatchObject({ service, version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(info['startTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/);
    expect(info['limits']).toMatchObject({ message_bytes: '4194304', default_deadline_ms: '30000' });
    expect(info['store'] ?? undefined).toEqual(store === undefined ? undefined : expect.objectContaining(store));
    const [status, metrics] = await getText(`${base}/metrics`);
    expect(status).toBe(200);
    expect(metrics).toContain(
      'millrace_rpc_calls_total{method="millrace.common.v1.SystemService/GetInfo",door="http",code="OK"} 1\n',
    );

    const dataFolder = join(folder.path, '.millrace');
    expect(data.length === 0 ? [] : readdirSync(dataFolder)).toEqual(data);
    running.signal('SIGINT');
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of data) {
      lockFolder(join(dataFolder, name), process.pid)[Symbol.dispose]();
    }
  });
});

test('the three services run side by side in one folder, and SIGTERM ends them with 0', async () => {
  using folder = createTestFolder();
  const names = ['state', 'registry', 'worker'] as const;
  const running = await Promise.all(names.map((name) => startProgram(name, { folder: folder.path })));
  for (const [index, name] of names.entries()) {
    expect(await getInfo(running[index]?.http[name] ?? '')).toMatchObject({ service: name });
  }
  for (const one of running) {
    one.signal('SIGTERM');
  }
  expect((await Promise.all(running.map((one) => one.ended))).map(({ code }) => code)).toEqual([0, 0, 0]);
});

test('dev runs all three in one process, says what to type next, and ends with 0 on Ctrl-C', async () => {
  using folder = createTestFolder();
  await using running = await startProgram('dev', { folder: folder.path });
  for (const name of ['state', 'registry', 'worker']) {
    const base = running.http[name] ?? '';
    expect(await getInfo(base)).toMatchObject({ service: name });
    expect(await getText(`${base}/readyz`)).toEqual([200, 'ready\n']);
    expect((await getText(`${base}/metrics`))[1]).toContain(`millrace_build_info{service="${name}"`);
  }
  const [, metrics] = await getText(`${running.http['state']}/metrics`);
  // Ready within 3 s; what a busy machine takes away is not counted.
  expect(Number(/^process_cpu_seconds_total (\S+)$/m.exec(metrics)?.[1])).toBeLessThan(3);
  expect(readdirSync(folder.path)).toEqual(['.millrace']);
  expect(readdirSync(join(folder.path, '.millrace'))).toEqual(['lock', 'registry', 'state']);
  expect(running.stdout()).toMatch(/^Millrace \S+ is ready after \d\.\d s, with its data in sqlite:\.\/\.millrace\.\n/);
  expect(running.stdout()).toContain(
    `curl -s ${running.http['state']}/millrace.common.v1.SystemService/GetInfo -H 'content-type: application/json' -d '{}'`,
  );

  running.signal('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('\nDraining.\n');
  lockFolder(join(folder.path, '.millrace'), process.pid)[Symbol.dispose]();
});

test('a service without a store refuses what is about one', async () => {
  using folder = createTestFolder();
  await using running = await startProgram('worker', { folder: folder.path });
  const response = await fetch(`${running.http['worker']}/millrace.common.v1.SystemService/FinalizeUpgrade`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { code: 'failed_precondition', details: [{ debug: { reason: 'NO_STORE' } }] },
  ]);
});
