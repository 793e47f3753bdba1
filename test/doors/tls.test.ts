import { readFileSync } from 'node:fs';
import { createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { describe, expect, test } from 'vitest';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import { failureOf } from './failure.ts';
import { connectRaw } from './raw-http.ts';
import { serveEcho } from './serve-echo.ts';

const pem = (name: string): string =>
  readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), { encoding: 'utf8' });

const ca = pem('ca');
const server = { cert: pem('server'), key: pem('server-key') };
const client = { cert: pem('client'), key: pem('client-key') };
const ECHO = { id: 'order-42', priority: 3 };

interface ClientMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const WAYS: readonly { name: string; transport: (at: RpcAddresses, nodeOptions: ClientMaterial) => Transport }[] = [
  {
    name: 'gRPC',
    transport: ({ grpc }, nodeOptions) => createGrpcTransport({ baseUrl: `https://${grpc}`, nodeOptions }),
  },
  {
    name: 'Connect over HTTP/1.1',
    transport: ({ http }, nodeOptions) =>
      createConnectTransport({ baseUrl: `https://${http}`, httpVersion: '1.1', nodeOptions }),
  },
  {
    name: 'Connect over HTTP/2',
    transport: ({ http }, nodeOptions) =>
      createConnectTransport({ baseUrl: `https://${http}`, httpVersion: '2', nodeOptions }),
  },
];

describe.each(WAYS)('with TLS, by $name', ({ transport }) => {
  const echo = (at: RpcAddresses, material: ClientMaterial): Promise<{ readonly id: string }> =>
    createClient(EchoService, transport(at, material)).echo(ECHO);

  test('a client that trusts the authority is served', async () => {
    await using served = await serveEcho({ tls: server });
    expect(await echo(served.addresses, { ca })).toMatchObject({ id: 'order-42' });
  });

  test('a client that does not trust the authority leaves', async () => {
    await using served = await serveEcho({ tls: server });
    await failureOf(echo(served.addresses, {}));
    expect(served.ended).toEqual([]);
  });

  test('a client with a certificate is served where one is wanted', async () => {
    await using served = await serveEcho({ tls: { ...server, clientCa: ca } });
    expect(await echo(served.addresses, { ca, ...client })).toMatchObject({ id: 'order-42' });
  });

  test('a client without a certificate is refused where one is wanted', async () => {
    await using served = await serveEcho({ tls: { ...server, clientCa: ca } });
    await failureOf(echo(served.addresses, { ca }));
    expect(served.ended).toEqual([]);
  });

  test('a client with a certificate of somebody else is refused', async () => {
    await using served = await serveEcho({ tls: { ...server, clientCa: server.cert } });
    await failureOf(echo(served.addresses, { ca, ...client }));
    expect(served.ended).toEqual([]);
  });

  test('connections that are kept alive do not hold up a drain', async () => {
    await using served = await serveEcho({ tls: server });
    await echo(served.addresses, { ca });
    const startedAt = performance.now();
    await served.server.drain(20_000);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

test('with TLS a client that never shakes hands is let go after a while', async () => {
  await using served = await serveEcho({ tls: server, limits: { firstRequestTimeoutMs: 50 } });
  using connection = await connectRaw(served.addresses.http);
  expect(await connection.closed).toBe('');
});

test('with TLS a client that speaks plainly is cut', async () => {
  await using served = await serveEcho({ tls: server });
  for (const address of [served.addresses.http, served.addresses.grpc]) {
    using connection = await connectRaw(address);
    connection.socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await connection.closed).not.toMatch(/^HTTP/);
  }
});
