import { describe, expect, test } from 'vitest';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { failureOf, failureOfStream } from './failure.ts';
import { CLIENT_STREAM_PROTOCOLS, echoClient, PROTOCOLS } from './protocols.ts';
import { serveEcho } from './serve-echo.ts';

const ECHO = { id: 'order-42', priority: 3 };

describe.each(PROTOCOLS)('what a caller by $name is told', (protocol) => {
  test('of a request that breaks rules: every field with its path, its rule and its limit', async () => {
    await using served = await serveEcho();
    const call = echoClient(protocol, served).echo({ id: '', priority: 9, tags: ['good', '', 'x'.repeat(65)] });
    const failure = await failureOf(call);
    expect(failure).toMatchObject({
      code: 'INVALID_ARGUMENT',
      reason: 'INVALID_FIELDS',
      domain: 'millrace',
      metadata: { violations: '4' },
    });
    expect(failure.violations.map(({ field, rule }) => [field, rule])).toEqual([
      ['id', 'string.min_bytes'],
      ['priority', 'int32.gte_lte'],
      ['tags[1]', 'string.min_len'],
      ['tags[2]', 'string.max_len'],
    ]);
    expect(failure.violations[3]?.description).toContain('64');
  });

  test('of a refusal: its code, reason and metadata', async () => {
    await using served = await serveEcho();
    expect(await failureOf(echoClient(protocol, served).echo({ ...ECHO, fail: 'WRONG_DRIVER' }))).toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: 'asked to fail with WRONG_DRIVER',
      reason: 'WRONG_DRIVER',
      domain: 'millrace',
      metadata: { asked: 'yes' },
      violations: [],
      retryAfterMs: undefined,
    });
  });

  test('of something that is away: when to come back', async () => {
    await using served = await serveEcho();
    expect(await failureOf(echoClient(protocol, served).count({ count: 1, failTimes: 1 }))).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'UNAVAILABLE',
      retryAfterMs: 5,
    });
  });

  test('of a fault: an id that is in the log, and nothing of the inside', async () => {
    await using served = await serveEcho();
    const failure = await failureOf(echoClient(protocol, served).echo({ ...ECHO, fail: 'throw' }));
    const errorId = failure.metadata['error_id'];
    expect(failure).toMatchObject({ code: 'INTERNAL', reason: 'INTERNAL', message: `internal error ${errorId}` });
    expect(JSON.stringify(failure)).not.toContain('secret');
    expect(served.logs).toMatchObject([
      {
        level: 50,
        errorId,
        err: { type: 'TypeError', message: 'a secret of the inside' },
        requestId: failure.requestId,
      },
    ]);
  });

  test('of a fault in a stream of answers: the same', async () => {
    const binding = bindService(EchoService, {
      repeat: () => Promise.reject(new TypeError('a secret of the inside')),
    });
    await using served = await serveEcho({ services: [binding] });
    const failure = await failureOfStream(echoClient(protocol, served).repeat({ count: 1 }));
    expect(failure).toMatchObject({ code: 'INTERNAL', reason: 'INTERNAL' });
    expect(JSON.stringify(failure)).not.toContain('secret');
    expect(served.logs).toMatchObject([{ level: 50, errorId: failure.metadata['error_id'] }]);
  });

  test('of a stream that breaks rules: every field', async () => {
    await using served = await serveEcho();
    const failure = await failureOfStream(echoClient(protocol, served).repeat({ count: 100_001, size: -1 }));
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELDS' });
    expect(failure.violations.map(({ field }) => field)).toEqual(['count', 'size']);
  });

  test('of a method that is not built: its name, once the caller is known and the request valid', async () => {
    const binding = bindService(EchoService, {});
    await using served = await serveEcho({ services: [binding] });
    const client = echoClient(protocol, served);
    expect(await failureOf(client.unbuilt({}))).toMatchObject({
      code: 'UNIMPLEMENTED',
      message: 'millrace.test.v1.EchoService.Unbuilt is not built yet',
      reason: 'NOT_BUILT',
      metadata: { method: 'millrace.test.v1.EchoService/Unbuilt' },
    });
    expect(await failureOf(client.echo({ id: '' }))).toMatchObject({ reason: 'INVALID_FIELDS' });
    expect(await failureOf(client.echo(ECHO))).toMatchObject({ reason: 'NOT_BUILT' });
    expect(await failureOfStream(client.repeat({ count: -1 }))).toMatchObject({ reason: 'INVALID_FIELDS' });
    expect(await failureOfStream(client.repeat({ count: 1 }))).toMatchObject({ reason: 'NOT_BUILT' });
  });

  test('of a request that is larger than the limit: that it is', async () => {
    await using served = await serveEcho({ limits: { maxMessageBytes: 1024 } });
    const tags = Array.from({ length: 20 }, () => 'x'.repeat(64));
    expect(await failureOf(echoClient(protocol, served).echo({ ...ECHO, tags }))).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
    expect(await failureOf(echoClient(protocol, served).echo({ ...ECHO, tags: [...tags, ...tags] }))).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
  });

  test('of an answer that is larger than the limit: that it is', async () => {
    await using served = await serveEcho({ limits: { maxMessageBytes: 1024 } });
    expect(await failureOfStream(echoClient(protocol, served).repeat({ count: 1, size: 2000 }))).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
  });
});

describe.each(CLIENT_STREAM_PROTOCOLS)('what a caller that streams by $name is told', (protocol) => {
  test('of a message that breaks rules: every field', async () => {
    await using served = await serveEcho();
    const failure = await failureOf(
      echoClient(protocol, served).collect(
        (async function* () {
          yield { data: new Uint8Array(1) };
          yield { data: new Uint8Array(0) };
        })(),
      ),
    );
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELDS' });
    expect(failure.violations.map(({ field }) => field)).toEqual(['data']);
  });

  test('of a message that is larger than the limit: that it is', async () => {
    await using served = await serveEcho({ limits: { maxMessageBytes: 1024 } });
    const failure = await failureOf(
      echoClient(protocol, served).collect(
        (async function* () {
          yield { data: new Uint8Array(1) };
          yield { data: new Uint8Array(1500) };
        })(),
      ),
    );
    expect(failure).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(await served.calls(1)).toMatchObject([{ code: 'RESOURCE_EXHAUSTED' }]);
    expect(served.logs).toEqual([]);
  });
});
