import { describe, expect, test } from 'vitest';
import { failureOf, failureOfStream, readAll } from './failure.ts';
import { BIDI_PROTOCOLS, CLIENT_STREAM_PROTOCOLS, echoClient, PROTOCOLS, type Protocol } from './protocols.ts';
import { type ServedEcho, serveEcho } from './serve-echo.ts';
import { as, createTokenAuthenticator } from './token-authenticator.ts';

const ECHO = { id: 'order-42', priority: 3 };
const INVALID = { id: '', priority: 9 };
const MODES = ['at once', 'later'] as const;
const WAYS = PROTOCOLS.flatMap((protocol) => MODES.map((answers) => ({ name: protocol.name, protocol, answers })));

function serve(answers: 'at once' | 'later' = 'at once'): Promise<ServedEcho> {
  return serveEcho({ authenticator: createTokenAuthenticator(answers), logLevel: 'debug' });
}

async function* once<T>(message: T): AsyncIterable<T> {
  yield message;
}

describe.each(WAYS)('by $name with an authenticator that answers $answers', ({ protocol, answers }) => {
  test('whoever has no valid token is refused before anything else is looked at', async () => {
    await using served = await serve(answers);
    const client = echoClient(protocol, served);
    const refusal = { code: 'UNAUTHENTICATED', reason: 'UNAUTHENTICATED', domain: 'millrace', violations: [] };
    expect(await failureOf(client.echo(ECHO))).toMatchObject(refusal);
    expect(await failureOf(client.echo(INVALID))).toMatchObject(refusal);
    expect(await failureOf(client.unbuilt({}))).toMatchObject(refusal);
    expect(await failureOf(client.forbidden({}))).toMatchObject(refusal);
    expect(await failureOfStream(client.repeat({ count: -1 }))).toMatchObject(refusal);
    const forged = { headers: { authorization: 'Bearer forged' } };
    expect(await failureOf(client.echo(ECHO, forged))).toMatchObject(refusal);
    expect(JSON.stringify(served.logs)).not.toContain('forged');
  });

  test('a token is let in with its tenant', async () => {
    await using served = await serve(answers);
    const { tenantId } = await echoClient(protocol, served).echo(ECHO, as('viewer'));
    expect(tenantId).toBe('acme');
    expect(served.logs).toMatchObject([{ tokenId: 'token-viewer', tenantId: 'acme' }]);
  });

  test('a role that the method does not name is denied, also where the request is invalid', async () => {
    await using served = await serve(answers);
    const client = echoClient(protocol, served);
    const denial = { code: 'PERMISSION_DENIED', reason: 'ROLE_DENIED', violations: [] };
    expect(await failureOf(client.count({ count: 0 }, as('developer')))).toMatchObject({
      ...denial,
      metadata: { role: 'developer', method: '/millrace.test.v1.EchoService/Count' },
    });
    expect(await failureOf(client.unbuilt({}, as('worker')))).toMatchObject(denial);
    expect(await failureOfStream(client.repeat({ count: -1 }, as('worker')))).toMatchObject(denial);
    expect(served.state.counted).toBe(0);
  });

  test('a fault of the authenticator is an internal error that tells nothing', async () => {
    const authenticate = (): never => {
      throw new TypeError('a secret of the inside');
    };
    const authenticator = {
      authenticate: () => (answers === 'later' ? Promise.resolve().then(authenticate) : authenticate()),
    };
    await using served = await serveEcho({ authenticator });
    const failure = await failureOf(echoClient(protocol, served).echo(ECHO));
    expect(failure).toMatchObject({ code: 'INTERNAL', reason: 'INTERNAL' });
    expect(JSON.stringify(failure)).not.toContain('secret');
    expect(served.logs).toMatchObject([{ level: 50, errorId: failure.metadata['error_id'] }]);
  });
});

describe.each(PROTOCOLS)('by $name', (protocol) => {
  test('a method that names no roles is denied to every role', async () => {
    await using served = await serve();
    const client = echoClient(protocol, served);
    for (const role of ['viewer', 'developer', 'operator', 'worker', 'admin', 'root'] as const) {
      expect(await failureOf(client.forbidden({}, as(role)))).toMatchObject({ reason: 'ROLE_DENIED' });
    }
  });

  test('root passes where admin is named and only there', async () => {
    await using served = await serve();
    const client = echoClient(protocol, served);
    expect(await client.count({ count: 2 }, as('admin'))).toMatchObject({ total: 2n });
    expect(await client.count({ count: 2 }, as('root'))).toMatchObject({ total: 4n });
    expect(await failureOf(client.forbidden({}, as('root')))).toMatchObject({ reason: 'ROLE_DENIED' });
  });

  test('a token may name its own tenant and no other, and root may name any', async () => {
    await using served = await serve();
    const client = echoClient(protocol, served);
    const tenantOf = async (tenantId: string, role: 'viewer' | 'root'): Promise<string> =>
      (await client.echo({ ...ECHO, tenantId }, as(role))).tenantId;
    expect(await tenantOf('acme', 'viewer')).toBe('acme');
    expect(await tenantOf('', 'root')).toBe('default');
    expect(await tenantOf('globex', 'root')).toBe('globex');
    expect(await failureOf(tenantOf('globex', 'viewer'))).toMatchObject({
      code: 'PERMISSION_DENIED',
      reason: 'TENANT_DENIED',
    });
  });
});

async function streamsOf(protocol: Protocol, served: ServedEcho, role: 'viewer' | 'worker'): Promise<unknown[]> {
  const client = echoClient(protocol, served);
  const collected = client.collect(once({ data: new Uint8Array(1) }), as(role));
  const chatted = protocol.carries.bidi ? readAll(client.chat(once({ frames: [] }), as(role))) : undefined;
  return Promise.all([collected, chatted]);
}

describe.each(CLIENT_STREAM_PROTOCOLS)('streams of requests by $name', (protocol) => {
  test('are open to the roles that are named', async () => {
    await using served = await serve();
    expect(await streamsOf(protocol, served, 'worker')).toMatchObject([
      { messages: 1 },
      protocol.carries.bidi ? [{}] : undefined,
    ]);
  });

  test('are denied to others', async () => {
    await using served = await serve();
    expect(await failureOf(streamsOf(protocol, served, 'viewer'))).toMatchObject({ reason: 'ROLE_DENIED' });
  });
});

test.each(BIDI_PROTOCOLS)(
  'a stream by $name that nobody let in is refused before its first message',
  async (protocol) => {
    await using served = await serve();
    const silence = Promise.withResolvers<never>();
    const client = echoClient(protocol, served);
    const silent = (async function* () {
      yield await silence.promise;
    })();
    expect(await failureOfStream(client.chat(silent))).toMatchObject({ reason: 'UNAUTHENTICATED' });
  },
);
