import { create } from '@bufbuild/protobuf';
import { describe, expect, test, vi } from 'vitest';
import {
  CollectResponseSchema,
  EchoService,
  RepeatRequestSchema,
  RepeatResponseSchema,
} from '#gen/millrace/test/v1/echo_service_pb.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { BIDI_PROTOCOLS, CLIENT_STREAM_PROTOCOLS, echoClient, PROTOCOLS } from './protocols.ts';
import { connectRaw, envelope, requestText } from './raw-http.ts';
import { serveEcho } from './serve-echo.ts';

// Much is sent here, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const MESSAGES = 100_000;
const SIZE = 4096;
/** Requests of 16 KiB: more than may be under way. */
const REQUESTS = 2_500;
/** What may lie between a handler and its caller: the windows and buffers of both connections' ends. */
const UNDER_WAY_BYTES = 24 * 1024 * 1024;

/** Answers once a number has stopped growing. */
async function settled(read: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = read();
    if (now === last && now > 0) {
      return now;
    }
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** A stream of answers whose handler counts what it sends, and stops when it is aborted. */
function countedAnswers() {
  const counter = { sent: 0 };
  const binding = bindService(EchoService, {
    async repeat({ count, size }, { signal }, out) {
      const filling = new Uint8Array(size);
      while (counter.sent < count && !signal.aborted) {
        counter.sent += 1;
        await out.send(create(RepeatResponseSchema, { number: counter.sent, filling }));
      }
    },
  });
  return { binding, counter };
}

// The client of connect-node for HTTP/1.1 reads ahead without end, so that a bare connection stands for it below.
const PATIENT = PROTOCOLS.filter(({ name }) => !/(Connect|Web) over HTTP/.test(name));

describe.each(PATIENT)('answers by $name', (protocol) => {
  test('wait in their handler for a caller that does not read', async () => {
    const { binding, counter } = countedAnswers();
    await using served = await serveEcho({ services: [binding] });
    const caller = new AbortController();
    const request = { count: MESSAGES, size: SIZE };
    const answers = echoClient(protocol, served).repeat(request, { signal: caller.signal })[Symbol.asyncIterator]();
    expect((await answers.next()).value).toMatchObject({ number: 1 });
    expect((await settled(() => counter.sent)) * SIZE).toBeLessThan(UNDER_WAY_BYTES);
    caller.abort();
    expect(await served.calls(1)).toMatchObject([{ code: 'CANCELLED' }]);
  });
});

test.each([
  ['Connect', 'application/connect+proto'],
  ['gRPC-Web', 'application/grpc-web+proto'],
])('answers by %s over HTTP/1.1 wait in their handler for a caller that does not read', async (_name, type) => {
  const { binding, counter } = countedAnswers();
  await using served = await serveEcho({ services: [binding] });
  using connection = await connectRaw(served.addresses.http);
  connection.socket.pause();
  const body = envelope(RepeatRequestSchema, { count: MESSAGES, size: SIZE });
  const path = `/${EchoService.typeName}/Repeat`;
  connection.socket.write(requestText('POST', path, { 'content-type': type }, body));
  expect((await settled(() => counter.sent)) * SIZE).toBeLessThan(UNDER_WAY_BYTES);
  connection.socket.destroy();
  expect(await served.calls(1)).toMatchObject([{ code: 'CANCELLED' }]);
});

test.each(PATIENT.filter(({ name }) => name === 'gRPC' || name === 'Connect over h2c'))(
  '100 000 answers by $name to a caller that keeps pausing arrive, and never are many under way',
  async (protocol) => {
    const { binding, counter } = countedAnswers();
    await using served = await serveEcho({ services: [binding] });
    const size = 100;
    let read = 0;
    let mostUnderWay = 0;
    for await (const { number } of echoClient(protocol, served).repeat({ count: MESSAGES, size })) {
      read += 1;
      if (number !== read) {
        expect(number).toBe(read);
      }
      if (read % 10_000 === 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        mostUnderWay = Math.max(mostUnderWay, counter.sent - read);
      }
    }
    expect(read).toBe(MESSAGES);
    expect(mostUnderWay * size).toBeLessThan(UNDER_WAY_BYTES / 4);
  },
);

describe.each(CLIENT_STREAM_PROTOCOLS)('requests by $name', (protocol) => {
  test('wait at their caller for a handler that does not read', async () => {
    const reading = Promise.withResolvers<void>();
    const binding = bindService(EchoService, {
      async collect(requests) {
        await reading.promise;
        let messages = 0;
        for await (const _ of requests) {
          messages += 1;
        }
        return create(CollectResponseSchema, { messages });
      },
    });
    await using served = await serveEcho({ services: [binding] });
    let sent = 0;
    const requests = (async function* () {
      const data = new Uint8Array(16 * 1024);
      while (sent < REQUESTS) {
        sent += 1;
        yield { data };
      }
    })();
    const answer = echoClient(protocol, served).collect(requests);
    expect((await settled(() => sent)) * 16 * 1024).toBeLessThan(UNDER_WAY_BYTES);
    reading.resolve();
    expect(await answer).toMatchObject({ messages: REQUESTS });
  });
});

test.each(BIDI_PROTOCOLS)(
  'a stream both ways by $name holds back a caller that does not read its answers',
  async (protocol) => {
    await using served = await serveEcho();
    let sent = 0;
    const requests = (async function* () {
      const frames = [{ id: 'run', data: new Uint8Array(16 * 1024) }];
      while (sent < 10_000) {
        sent += 1;
        yield { frames };
      }
    })();
    const caller = new AbortController();
    const answers = echoClient(protocol, served).chat(requests, { signal: caller.signal })[Symbol.asyncIterator]();
    await answers.next();
    expect((await settled(() => sent)) * 16 * 1024).toBeLessThan(2 * UNDER_WAY_BYTES);
    caller.abort();
    expect(await served.calls(1)).toMatchObject([{ code: 'CANCELLED' }]);
  },
);
