import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createHttpRoutes } from './http-routes.ts';
import { createReadiness, type ReadinessState } from './readiness.ts';

interface Page {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

async function readPage(path: string, readiness: ReadinessState, renderMetrics?: () => Promise<string>): Promise<Page> {
  const routes = createHttpRoutes({
    frontPage: 'this is it\n',
    readiness,
    renderMetrics: renderMetrics ?? (async () => 'up 1\n'),
    log: pino({ level: 'silent' }),
  });
  const server = createServer((request, response) => routes.get(request.url ?? '')?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('readyz says 503 with the reason while the service starts and while it drains', async () => {
  const readiness = createReadiness();
  expect(await readPage('/readyz', readiness)).toMatchObject({ status: 503, body: 'starting\n' });
  readiness.markReady();
  expect(await readPage('/readyz', readiness)).toMatchObject({ status: 200, body: 'ready\n' });
  readiness.markDraining();
  expect(await readPage('/readyz', readiness)).toMatchObject({ status: 503, body: 'draining\n' });
  readiness.markReady();
  expect(await readPage('/readyz', readiness)).toMatchObject({ status: 503, body: 'draining\n' });
});

test('healthz answers however far the service is', async () => {
  const readiness = createReadiness();
  readiness.markDraining();
  expect(await readPage('/healthz', readiness)).toMatchObject({ status: 200, body: 'alive\n' });
});

test('metrics and the front page have their types', async () => {
  const readiness = createReadiness();
  expect(await readPage('/metrics', readiness)).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: 'up 1\n',
  });
  expect(await readPage('/', readiness)).toMatchObject({ status: 200, body: 'this is it\n' });
});

test('metrics that cannot be rendered are a 500 without inside detail', async () => {
  const failing = (): Promise<string> => Promise.reject(new TypeError('inside detail'));
  const page = await readPage('/metrics', createReadiness(), failing);
  expect(page).toMatchObject({ status: 500, body: 'metrics could not be rendered\n' });
});
