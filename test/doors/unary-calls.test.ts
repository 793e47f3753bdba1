import { describe, expect, test } from 'vitest';
import { failureOf } from './failure.ts';
import { echoClient, PROTOCOLS } from './protocols.ts';
import { serveEcho } from './serve-echo.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
const ECHO = { id: 'order-42', priority: 3, tags: ['gpu', 'größe'] };

describe.each(PROTOCOLS)('a unary call by $name', (protocol) => {
  test('reaches its handler and is answered', async () => {
    await using served = await serveEcho();
    const response = await echoClient(protocol, served).echo({ ...ECHO, tenantId: 'acme' });
    expect(response).toMatchObject({ ...ECHO, tenantId: 'acme' });
  });

  test('keeps its request id and gets it back', async () => {
    await using served = await serveEcho();
    let header: string | null = null;
    const { requestId } = await echoClient(protocol, served).echo(ECHO, {
      headers: { 'x-request-id': 'my-request/7' },
      onHeader: (headers) => void (header ??= headers.get('x-request-id')),
      onTrailer: (trailers) => void (header ??= trailers.get('x-request-id')),
    });
    expect([requestId, header]).toEqual(['my-request/7', 'my-request/7']);
  });

  test.each([
    ['absent', undefined],
    ['with a space', 'a b'],
    ['too long', 'x'.repeat(129)],
  ])('gets a request id of its own when it is %s', async (_what, given) => {
    await using served = await serveEcho();
    const options = given === undefined ? {} : { headers: { 'x-request-id': given } };
    const { requestId } = await echoClient(protocol, served).echo(ECHO, options);
    expect(requestId).toMatch(UUID);
  });

  test('gets its request id back when it fails', async () => {
    await using served = await serveEcho();
    const call = echoClient(protocol, served).echo(
      { ...ECHO, fail: 'RUN_NOT_FOUND' },
      { headers: { 'x-request-id': 'r-1' } },
    );
    expect(await failureOf(call)).toMatchObject({ code: 'NOT_FOUND', requestId: 'r-1' });
  });

  test('hands its trace context on and names the trace in the log', async () => {
    await using served = await serveEcho({ logLevel: 'debug' });
    const { traceparent } = await echoClient(protocol, served).echo(ECHO, { headers: { traceparent: TRACEPARENT } });
    expect(traceparent).toBe(TRACEPARENT);
    expect(served.logs).toMatchObject([{ traceId: TRACE_ID }]);
  });

  test('with a malformed trace context has none', async () => {
    await using served = await serveEcho({ logLevel: 'debug' });
    const { traceparent } = await echoClient(protocol, served).echo(ECHO, { headers: { traceparent: '00-xyz' } });
    expect(traceparent).toBe('');
    expect(served.logs[0]).not.toHaveProperty('traceId');
  });

  test('is told to the observer with path, door, code and duration', async () => {
    await using served = await serveEcho();
    const client = echoClient(protocol, served);
    await client.echo(ECHO);
    await failureOf(client.echo({ ...ECHO, priority: 9 }));
    const path = '/millrace.test.v1.EchoService/Echo';
    const { door } = protocol;
    expect(served.ended).toMatchObject([
      { path, door, code: 'OK' },
      { path, door, code: 'INVALID_ARGUMENT' },
    ]);
    expect(served.ended.every(({ durationMs }) => durationMs > 0 && durationMs < 5000)).toBe(true);
  });

  test('is in the access log at debug, with all that tells calls apart', async () => {
    await using served = await serveEcho({ logLevel: 'debug' });
    await echoClient(protocol, served).echo({ ...ECHO, tenantId: 'acme' }, { headers: { 'x-request-id': 'r-2' } });
    expect(served.logs).toMatchObject([
      {
        level: 20,
        msg: 'call',
        method: '/millrace.test.v1.EchoService/Echo',
        door: protocol.door,
        code: 'OK',
        requestId: 'r-2',
        tenantId: 'acme',
        tokenId: 'development',
        peerAddress: '127.0.0.1',
        durationMs: expect.any(Number),
      },
    ]);
  });

  test('leaves no line in the log above debug, whether it succeeds or is refused', async () => {
    await using served = await serveEcho();
    const client = echoClient(protocol, served);
    await client.echo(ECHO);
    await failureOf(client.echo({ ...ECHO, fail: 'RUN_EXISTS' }));
    expect(served.logs).toEqual([]);
  });
});
