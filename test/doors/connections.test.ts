import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { connectRaw, requestText } from './raw-http.ts';
import { serveEcho } from './serve-echo.ts';

const ECHO_PATH = '/millrace.test.v1.EchoService/Echo';
const JSON_TYPE = { 'content-type': 'application/json' };
const BODY = '{"id":"order-42","priority":3}';

describe('the port of the HTTP door', () => {
  test('speaks HTTP/1.1 and HTTP/2 at the same time', async () => {
    await using served = await serveEcho();
    using connection = await connectRaw(served.addresses.http);
    connection.socket.write(requestText('POST', ECHO_PATH, JSON_TYPE, BODY));
    const session = connectHttp2(`http://${served.addresses.http}`);
    const stream = session.request({ ':method': 'POST', ':path': ECHO_PATH, ...JSON_TYPE });
    stream.end(BODY);
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(200);
    expect(await stream.setEncoding('utf8').toArray()).toEqual([expect.stringContaining('"id":"order-42"')]);
    session.close();
    expect(await connection.received(/"id":"order-42"/)).toMatch(/^HTTP\/1.1 200 /);
  });

  test('serves many requests on one connection', async () => {
    await using served = await serveEcho();
    using connection = await connectRaw(served.addresses.http);
    for (let count = 1; count <= 3; count += 1) {
      connection.socket.write(requestText('POST', ECHO_PATH, JSON_TYPE, BODY));
      await connection.received(new RegExp(`(HTTP/1.1 200 [^]*order-42[^]*){${count}}`));
    }
  });

  test('serves a client of HTTP/1.1 that sends one byte at a time', async () => {
    await using served = await serveEcho();
    using connection = await connectRaw(served.addresses.http);
    for (const byte of requestText('POST', ECHO_PATH, JSON_TYPE, BODY)) {
      connection.socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect(await connection.received(/order-42/)).toMatch(/^HTTP\/1.1 200 /);
  });

  test('serves a client of HTTP/2 whose first bytes come one at a time', async () => {
    await using served = await serveEcho();
    using connection = await connectRaw(served.addresses.http);
    for (const byte of Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0')) {
      connection.socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    // The frame that says that it has seen our settings.
    await connection.received('\0\0\0\x04\x01\0\0\0\0');
  });

  test('is not misled by a method that begins like HTTP/2', async () => {
    await using served = await serveEcho();
    using connection = await connectRaw(served.addresses.http);
    connection.socket.write('PRI');
    await new Promise(setImmediate);
    connection.socket.write('NT / HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await connection.closed).toMatch(/^HTTP\/1.1 400 /);
  });

  test('answers a client that closes its side after its request', async () => {
    await using served = await serveEcho();
    using connection = await connectRaw(served.addresses.http);
    connection.socket.end(requestText('POST', ECHO_PATH, JSON_TYPE, BODY));
    expect(await connection.closed).toMatch(/^HTTP\/1.1 200 [^]*order-42/);
  });
});

describe('a client that', () => {
  const limits = { firstRequestTimeoutMs: 50 };

  test('says nothing is let go after a while', async () => {
    await using served = await serveEcho({ limits });
    using connection = await connectRaw(served.addresses.http);
    expect(await connection.closed).toBe('');
  });

  test('says the beginning of the preface and then nothing is let go after a while', async () => {
    await using served = await serveEcho({ limits });
    using connection = await connectRaw(served.addresses.http);
    connection.socket.write('PRI * HT');
    expect(await connection.closed).toBe('');
  });

  test('never comes to the end of its headers is let go after a while', async () => {
    await using served = await serveEcho({ limits });
    using connection = await connectRaw(served.addresses.http);
    const drip = setInterval(() => connection.socket.write('x-more: 1\r\n'), 10);
    connection.socket.write('POST / HTTP/1.1\r\nhost: x\r\n');
    expect(await connection.closed).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(drip);
  });

  test('leaves at once leaves nothing behind', async () => {
    await using served = await serveEcho();
    for (const last of ['', 'PRI *', 'POST / HT']) {
      using connection = await connectRaw(served.addresses.http);
      connection.socket.end(last);
      await connection.closed;
    }
    await served.server.drain(20_000);
  });

  test.each([
    ['garbage', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
    ['garbage after the preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\xff'.repeat(64)}`],
    ['a request without a host', `POST ${ECHO_PATH} HTTP/1.0\r\ncontent-type: application/json\r\n\r\n`],
    ['a host that is none', `POST ${ECHO_PATH} HTTP/1.0\r\nhost: [\r\ncontent-type: application/json\r\n\r\n`],
    ['a path that is none', `POST //[${ECHO_PATH} HTTP/1.0\r\nhost: x\r\ncontent-type: application/json\r\n\r\n`],
  ])('sends %s is cut, and others are served', async (_what, bytes) => {
    await using served = await serveEcho();
    using connection = await connectRaw(served.addresses.http);
    connection.socket.write(Buffer.from(bytes, 'latin1'));
    await connection.closed;
    using other = await connectRaw(served.addresses.http);
    other.socket.write(requestText('POST', ECHO_PATH, JSON_TYPE, BODY));
    expect(await other.received(/order-42/)).toMatch(/^HTTP\/1.1 200 /);
    expect(served.logs).toEqual([]);
  });
});

describe('a drain is not held up by a connection that', () => {
  test.each([
    ['said nothing', ''],
    ['said the beginning of the preface', 'PRI *'],
    ['said half a request', 'POST / HTTP/1.1\r\nhost:'],
  ])('%s', async (_what, said) => {
    await using served = await serveEcho();
    using connection = await connectRaw(served.addresses.http);
    connection.socket.write(said);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const startedAt = performance.now();
    await served.server.drain(20_000);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await connection.closed;
  });

  test('is kept alive, and says so to a client whose answer is under way', async () => {
    const answer = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const httpRoutes = new Map([
      [
        '/slow',
        (_request: unknown, response: { end(text: string): void }) => {
          started.resolve();
          void answer.promise.then(() => response.end('done'));
        },
      ],
    ]);
    await using served = await serveEcho({ httpRoutes });
    using connection = await connectRaw(served.addresses.http);
    connection.socket.write(requestText('GET', '/slow'));
    await started.promise;
    const drained = served.server.drain(20_000);
    answer.resolve();
    expect(await connection.closed).toMatch(/connection: close[^]*done/i);
    await drained;
  });

  test('is kept alive after an answer whose headers were out before', async () => {
    const started = Promise.withResolvers<{ end(text: string): void }>();
    const httpRoutes = new Map([
      [
        '/slow',
        (_request: unknown, response: { write(text: string): void; end(text: string): void }) => {
          response.write('begun');
          started.resolve(response);
        },
      ],
    ]);
    await using served = await serveEcho({ httpRoutes });
    using connection = await connectRaw(served.addresses.http);
    connection.socket.write(requestText('GET', '/slow'));
    await connection.received(/begun/);
    const startedAt = performance.now();
    const drained = served.server.drain(20_000);
    (await started.promise).end('done');
    expect(await connection.closed).toMatch(/begun[^]*done/);
    await drained;
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
