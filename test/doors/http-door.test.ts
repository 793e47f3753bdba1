import { describe, expect, test } from 'vitest';
import type { HttpRoute } from '#libs/rpc/server-options.ts';
import { connectRaw, requestText } from './raw-http.ts';
import { type ServedEcho, serveEcho } from './serve-echo.ts';

const ECHO_PATH = '/millrace.test.v1.EchoService/Echo';
const OURS = 'https://console.example';

function post(
  served: ServedEcho,
  body: string,
  headers: Record<string, string> = {},
  path = ECHO_PATH,
): Promise<Response> {
  return fetch(`http://${served.addresses.http}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

describe('plain JSON', () => {
  test('is all that a good call takes', async () => {
    await using served = await serveEcho();
    const response = await post(served, '{"id":"order-42","priority":3,"tags":["gpu"]}', { 'x-request-id': 'r-1' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-request-id')).toBe('r-1');
    expect(await response.json()).toEqual({
      id: 'order-42',
      priority: 3,
      tags: ['gpu'],
      tenantId: 'default',
      requestId: 'r-1',
    });
  });

  test('takes a field that it does not know, which a newer client may send', async () => {
    await using served = await serveEcho();
    expect((await post(served, '{"id":"x","priority":3,"newField":1}')).status).toBe(200);
  });

  test('tells an error by status, code and details that a program can read', async () => {
    await using served = await serveEcho();
    const response = await post(served, '{"priority":9}', { 'x-request-id': 'r-2' });
    expect(response.status).toBe(400);
    expect(response.headers.get('x-request-id')).toBe('r-2');
    expect(await response.json()).toEqual({
      code: 'invalid_argument',
      message: expect.stringMatching(/^invalid request: id: .*; priority: /),
      details: [
        {
          type: 'google.rpc.ErrorInfo',
          value: expect.any(String),
          debug: { reason: 'INVALID_FIELDS', domain: 'millrace', metadata: { violations: '2' } },
        },
        {
          type: 'google.rpc.BadRequest',
          value: expect.any(String),
          debug: {
            fieldViolations: [expect.objectContaining({ field: 'id' }), expect.objectContaining({ field: 'priority' })],
          },
        },
      ],
    });
  });

  test.each([
    ['no JSON', '{"id":'],
    ['of another shape', '{"id":["x"]}'],
  ])('that is %s is MALFORMED', async (_what, body) => {
    await using served = await serveEcho();
    const response = await post(served, body, { 'x-request-id': 'r-3' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'invalid_argument',
      details: [{ type: 'google.rpc.ErrorInfo', debug: { reason: 'MALFORMED', domain: 'millrace' } }],
    });
    expect(response.headers.get('x-request-id')).toBe('r-3');
    expect(served.ended).toMatchObject([{ code: 'INVALID_ARGUMENT' }]);
  });

  test('that is too large is PAYLOAD_TOO_LARGE, with the limit', async () => {
    await using served = await serveEcho({ limits: { maxMessageBytes: 1024 } });
    const response = await post(served, JSON.stringify({ id: 'x'.repeat(5_000) }));
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({
      code: 'resource_exhausted',
      details: [{ debug: { reason: 'PAYLOAD_TOO_LARGE', metadata: { maximum: '1024' } } }],
    });
    expect(served.ended).toMatchObject([{ code: 'RESOURCE_EXHAUSTED' }]);
  });

  test('is not read from somebody who is not let in', async () => {
    const authenticate = (): never => {
      throw new TypeError('not let in');
    };
    await using served = await serveEcho({ authenticator: { authenticate } });
    using connection = await connectRaw(served.addresses.http);
    // The body never comes.
    connection.socket.write(
      `POST ${ECHO_PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n`,
    );
    expect(await connection.received(/\r\n\r\n\{/)).toMatch(/^HTTP\/1.1 500 /);
  });

  test('may come by GET where a call changes nothing', async () => {
    await using served = await serveEcho();
    const query = new URLSearchParams({ connect: 'v1', encoding: 'json', message: '{"id":"x","priority":1}' });
    const url = `http://${served.addresses.http}${ECHO_PATH}?${query.toString()}`;
    expect(await (await fetch(url)).json()).toMatchObject({ id: 'x', priority: 1 });
    expect((await fetch(url.replace('/Echo?', '/Count?'))).status).toBe(405);
  });
});

describe('other content', () => {
  test.each(['application/grpc', 'text/plain'])('of type %s is refused', async (type) => {
    await using served = await serveEcho();
    expect((await post(served, '{}', { 'content-type': type })).status).toBe(415);
  });

  test('at an unknown path is not found', async () => {
    await using served = await serveEcho();
    expect((await post(served, '{}', {}, '/millrace.test.v1.EchoService/Nothing')).status).toBe(404);
    expect((await fetch(`http://${served.addresses.http}/`)).status).toBe(404);
  });
});

describe('a browser on another site', () => {
  const preflight = (served: ServedEcho, origin: string): Promise<Response> =>
    fetch(`http://${served.addresses.http}${ECHO_PATH}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });

  test('is told what it may send when its origin is configured', async () => {
    await using served = await serveEcho({ corsOrigins: ['https://other.example', OURS] });
    const { status, headers } = await preflight(served, OURS);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(OURS);
    expect(headers.get('access-control-allow-methods')).toContain('POST');
    for (const name of [
      'authorization',
      'content-type',
      'x-request-id',
      'traceparent',
      'connect-timeout-ms',
      'x-grpc-web',
    ]) {
      expect(headers.get('access-control-allow-headers')?.toLowerCase()).toContain(name);
    }
    expect(headers.get('vary')).toBe('origin');
    expect(served.ended).toEqual([]);
  });

  test('may read the answer and its request id when its origin is configured', async () => {
    await using served = await serveEcho({ corsOrigins: [OURS] });
    const { headers } = await post(served, '{"id":"x","priority":1}', { origin: OURS });
    expect(headers.get('access-control-allow-origin')).toBe(OURS);
    expect(headers.get('access-control-expose-headers')).toContain('x-request-id');
  });

  test.each([
    ['another origin is configured', [OURS]],
    ['none is configured', []],
  ])('is told nothing that lets it call when %s', async (_what, corsOrigins) => {
    await using served = await serveEcho({ corsOrigins });
    for (const answer of [
      await preflight(served, 'https://evil.example'),
      await post(served, '{}', { origin: 'https://evil.example' }),
    ]) {
      const cors = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
      expect(cors).toEqual([]);
    }
  });

  test('is let in from anywhere when all origins are configured', async () => {
    await using served = await serveEcho({ corsOrigins: ['*'] });
    expect((await preflight(served, 'https://any.example')).headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('the host name that a request is addressed to', () => {
  const statusFor = async (served: ServedEcho, host: string): Promise<number> => {
    using connection = await connectRaw(served.addresses.http);
    const head = { host, 'content-type': 'application/json' };
    connection.socket.write(requestText('POST', ECHO_PATH, head, '{"id":"x","priority":1}'));
    return Number((await connection.received(/\r\n\r\n/)).slice(9, 12));
  };

  test.each([
    ['localhost', 200],
    ['LOCALHOST:7401', 200],
    ['127.0.0.1:7401', 200],
    ['[::1]:7401', 200],
    ['millrace.internal', 200],
    ['Millrace.Internal:7401', 200],
    ['evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['localhost.evil.example:7401', 421],
  ])('%s gets %i when others are allowed', async (host, status) => {
    await using served = await serveEcho({ allowedHosts: ['Millrace.internal'] });
    expect(await statusFor(served, host)).toBe(status);
    expect(served.ended).toHaveLength(status === 200 ? 1 : 0);
  });

  test('may be any when none is configured', async () => {
    await using served = await serveEcho();
    expect(await statusFor(served, 'anything.example')).toBe(200);
  });
});

describe('a plain route', () => {
  const httpRoutes = new Map<string, HttpRoute>([['/healthz', (_request, response) => void response.end('ok\n')]]);

  test('is served by GET and HEAD, with or without a query', async () => {
    await using served = await serveEcho({ httpRoutes });
    const url = `http://${served.addresses.http}/healthz`;
    expect(await (await fetch(url)).text()).toBe('ok\n');
    expect(await (await fetch(`${url}?verbose`)).text()).toBe('ok\n');
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('is not found by another method', async () => {
    await using served = await serveEcho({ httpRoutes });
    expect((await post(served, '', {}, '/healthz')).status).toBe(404);
  });

  test('that throws costs its own request and no other', async () => {
    const broken = new Map<string, HttpRoute>([
      [
        '/broken',
        () => {
          throw new TypeError('a secret of the inside');
        },
      ],
    ]);
    await using served = await serveEcho({ httpRoutes: broken });
    const response = await fetch(`http://${served.addresses.http}/broken`);
    expect([response.status, await response.text()]).toEqual([500, 'internal error\n']);
    expect(served.logs).toMatchObject([{ level: 50, err: { message: 'a secret of the inside' } }]);
    expect((await post(served, '{"id":"x","priority":1}')).status).toBe(200);
  });
});
