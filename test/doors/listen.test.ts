import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { ListenError } from '#libs/rpc/listen-address.ts';
import { connectRaw } from './raw-http.ts';
import { serveEcho } from './serve-echo.ts';

/** Takes a port, and gives it back at the end. */
async function takePort(): Promise<{ readonly address: string } & AsyncDisposable> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function freeAddress(): Promise<string> {
  await using taken = await takePort();
  return taken.address;
}

test('the addresses name the ports that were taken for port 0', async () => {
  await using served = await serveEcho();
  expect(served.addresses.grpc).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  expect(served.addresses.http).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  expect(served.addresses.grpc).not.toBe(served.addresses.http);
});

test('a server may listen on IPv6', async () => {
  await using served = await serveEcho({ grpcListen: '[::1]:0', httpListen: '[::1]:0' });
  expect(served.addresses.http).toMatch(/^\[::1\]:\d+$/);
  expect((await fetch(`http://${served.addresses.http}/`)).status).toBe(404);
});

test('a gRPC port that is in use is named, and nothing is left open', async () => {
  await using taken = await takePort();
  const httpListen = await freeAddress();
  const failure = await serveEcho({ grpcListen: taken.address, httpListen }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ListenError);
  expect(failure).toMatchObject({
    address: taken.address,
    message: `cannot listen on ${taken.address}: the port is in use`,
  });
  await expect(connectRaw(httpListen)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('an HTTP port that is in use is named, and the gRPC port that was opened is closed again', async () => {
  await using taken = await takePort();
  const grpcListen = await freeAddress();
  const failure = await serveEcho({ grpcListen, httpListen: taken.address }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ListenError);
  expect(failure).toMatchObject({ address: taken.address });
  await expect(connectRaw(grpcListen)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('both doors on one port is a port in use', async () => {
  const address = await freeAddress();
  const failure = await serveEcho({ grpcListen: address, httpListen: address }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ListenError);
});

test.each(['grpcListen', 'httpListen'])('an address that is not of this machine is named (%s)', async (door) => {
  const failure = await serveEcho({ [door]: '192.0.2.1:0' }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ListenError);
  expect(failure).toMatchObject({
    address: '192.0.2.1:0',
    message: expect.stringContaining('not an address of this machine'),
  });
});

test('an address that cannot be read opens nothing', async () => {
  await expect(serveEcho({ httpListen: 'localhost' })).rejects.toThrow(RangeError);
});

test('a disposed server gives its ports back', async () => {
  const served = await serveEcho();
  const { grpc, http } = served.addresses;
  await served[Symbol.asyncDispose]();
  await using again = await serveEcho({ grpcListen: grpc, httpListen: http });
  expect(again.addresses).toEqual({ grpc, http });
});
