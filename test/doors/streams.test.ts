import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { CollectResponseSchema, EchoService, RepeatResponseSchema } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { failureOf, failureOfStream, readAll } from './failure.ts';
import { BIDI_PROTOCOLS, CLIENT_STREAM_PROTOCOLS, echoClient, PROTOCOLS } from './protocols.ts';
import { pushed } from './pushed.ts';
import { serveEcho } from './serve-echo.ts';

describe.each(PROTOCOLS)('a stream of answers by $name', (protocol) => {
  test('arrives whole and in order', async () => {
    await using served = await serveEcho();
    const answers = await readAll(echoClient(protocol, served).repeat({ count: 500, size: 100 }));
    expect(answers.map(({ number }) => number)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
    expect(answers.every(({ filling }) => filling.length === 100)).toBe(true);
    expect(await served.calls(1)).toMatchObject([{ code: 'OK', door: protocol.door }]);
  });

  test('may be empty', async () => {
    await using served = await serveEcho();
    expect(await readAll(echoClient(protocol, served).repeat({ count: 0 }))).toEqual([]);
  });

  test('carries its request id', async () => {
    await using served = await serveEcho();
    const seen: (string | null)[] = [];
    const note = (headers: Headers): void => void seen.push(headers.get('x-request-id'));
    const headers = { 'x-request-id': 'r-3' };
    await readAll(echoClient(protocol, served).repeat({ count: 1 }, { headers, onHeader: note, onTrailer: note }));
    expect(seen).toContain('r-3');
    const failure = await failureOfStream(echoClient(protocol, served).repeat({ count: -1 }, { headers }));
    expect(failure).toMatchObject({ reason: 'INVALID_FIELDS', requestId: 'r-3' });
  });

  test('delivers what was sent before its handler failed', async () => {
    const binding = bindService(EchoService, {
      async repeat(_request, _context, out) {
        await out.send(create(RepeatResponseSchema, { number: 1 }));
        throw new TypeError('a secret of the inside');
      },
    });
    await using served = await serveEcho({ services: [binding] });
    const numbers: number[] = [];
    const failure = await failureOf(
      (async () => {
        for await (const { number } of echoClient(protocol, served).repeat({ count: 1 })) {
          numbers.push(number);
        }
      })(),
    );
    expect(numbers).toEqual([1]);
    expect(failure).toMatchObject({ code: 'INTERNAL', reason: 'INTERNAL' });
  });
});

describe.each(CLIENT_STREAM_PROTOCOLS)('a stream of requests by $name', (protocol) => {
  test('is taken whole and answered once', async () => {
    await using served = await serveEcho();
    const requests = (async function* () {
      for (let i = 0; i < 500; i += 1) {
        yield { data: new Uint8Array(100) };
      }
    })();
    expect(await echoClient(protocol, served).collect(requests)).toMatchObject({ messages: 500, bytes: 50_000n });
    expect(await served.calls(1)).toMatchObject([{ code: 'OK', door: protocol.door }]);
  });

  test('may be empty', async () => {
    await using served = await serveEcho();
    const requests = (async function* (): AsyncIterable<{ data: Uint8Array<ArrayBuffer> }> {})();
    expect(await echoClient(protocol, served).collect(requests)).toMatchObject({ messages: 0 });
  });

  test('is answered although its handler did not read it to the end', async () => {
    const binding = bindService(EchoService, {
      async collect(requests) {
        for await (const _ of requests) {
          return create(CollectResponseSchema, { messages: 1 });
        }
        return create(CollectResponseSchema);
      },
    });
    await using served = await serveEcho({ services: [binding] });
    const requests = pushed<{ data: Uint8Array<ArrayBuffer> }>();
    requests.push({ data: new Uint8Array(1) });
    requests.push({ data: new Uint8Array(1) });
    requests.end();
    expect(await echoClient(protocol, served).collect(requests.messages)).toMatchObject({ messages: 1 });
  });
});

describe.each(BIDI_PROTOCOLS)('a stream both ways by $name', (protocol) => {
  test('answers each message before the next is sent', async () => {
    await using served = await serveEcho();
    const requests = pushed<{ frames: { id: string; sequence: bigint }[] }>();
    const frames = (sequence: number) => [{ id: 'run', sequence: BigInt(sequence) }];
    requests.push({ frames: frames(1) });
    const seen: bigint[] = [];
    for await (const answer of echoClient(protocol, served).chat(requests.messages)) {
      seen.push(...answer.frames.map(({ sequence }) => sequence));
      if (seen.length < 5) {
        requests.push({ frames: frames(seen.length + 1) });
      } else {
        requests.end();
      }
    }
    expect(seen).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(await served.calls(1)).toMatchObject([{ code: 'OK' }]);
  });

  test('tells the path of a field inside a list inside a message that breaks a rule', async () => {
    await using served = await serveEcho();
    const requests = pushed<{ frames: { id: string; sequence: bigint }[] }>();
    requests.push({
      frames: [
        { id: 'good', sequence: 0n },
        { id: '', sequence: -1n },
      ],
    });
    const failure = await failureOfStream(echoClient(protocol, served).chat(requests.messages));
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELDS' });
    expect(failure.violations.map(({ field }) => field)).toEqual(['frames[1].id', 'frames[1].sequence']);
  });

  test('checks every message, not only the first', async () => {
    await using served = await serveEcho();
    const requests = pushed<{ frames: { id: string }[] }>();
    requests.push({ frames: [{ id: 'good' }] });
    requests.push({ frames: [{ id: '' }] });
    expect(await failureOfStream(echoClient(protocol, served).chat(requests.messages))).toMatchObject({
      reason: 'INVALID_FIELDS',
    });
  });
});
