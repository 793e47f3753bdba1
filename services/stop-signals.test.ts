import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createTestFolder, type ServiceProcess, startProgram } from '#test/service-process.ts';

vi.setConfig({ testTimeout: 30_000 });

/** Begins a call whose request never comes to its end. */
async function hangCall(running: ServiceProcess, service: string): Promise<Socket> {
  const { hostname, port } = new URL(running.http[service] ?? '');
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    'POST /millrace.common.v1.SystemService/GetInfo HTTP/1.1\r\nhost: localhost\r\n' +
      'content-type: application/json\r\ncontent-length: 100\r\n\r\n{',
  );
  // Long enough for the server to have read it.
  await delay(100);
  return socket;
}

async function isRunningAfter(running: ServiceProcess, ms: number): Promise<boolean> {
  return Promise.race([running.ended.then(() => false), delay(ms, true)]);
}

test.each(['dev', 'state'] as const)('%s: a second Ctrl-C ends it at once while a call hangs', async (program) => {
  using folder = createTestFolder();
  await using running = await startProgram(program, { folder: folder.path });
  await hangCall(running, 'state');
  running.signal('SIGINT');
  expect(await isRunningAfter(running, 600)).toBe(true);
  const startMs = performance.now();
  running.signal('SIGINT');
  expect((await running.ended).code).toBe(130);
  expect(performance.now() - startMs).toBeLessThan(5_000);
});

test('a second Ctrl-C within half a second is the same as the first', async () => {
  using folder = createTestFolder();
  await using running = await startProgram('state', {
    folder: folder.path,
    env: { MILLRACE_GRACE_PERIOD: '2s' },
  });
  await hangCall(running, 'state');
  running.signal('SIGINT');
  await delay(50);
  running.signal('SIGINT');
  expect(await isRunningAfter(running, 600)).toBe(true);
  expect((await running.ended).code).toBe(0);
});

test('a call that hangs is cut, and dev ends with 0 within the grace period', async () => {
  using folder = createTestFolder();
  await using running = await startProgram('dev', {
    folder: folder.path,
    env: { MILLRACE_GRACE_PERIOD: '2s' },
  });
  await Promise.all(['state', 'registry', 'worker'].map((service) => hangCall(running, service)));
  running.signal('SIGTERM');
  const { code, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('a second SIGTERM ends it at once as well', async () => {
  using folder = createTestFolder();
  await using running = await startProgram('worker', { folder: folder.path });
  await hangCall(running, 'worker');
  running.signal('SIGTERM');
  expect(await isRunningAfter(running, 600)).toBe(true);
  running.signal('SIGTERM');
  expect((await running.ended).code).toBe(143);
});
