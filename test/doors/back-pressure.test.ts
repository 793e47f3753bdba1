import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { CollectResponseSchema, EchoService, RepeatResponseSchema } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { BIDI_PROTOCOLS, CLIENT_STREAM_PROTOCOLS, echoClient, PROTOCOLS } from './protocols.ts';
import { serveEcho } from './serve-echo.ts';

const MESSAGES = 100_000;
const SIZE = 4096;
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
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

describe.each(PROTOCOLS)('answers by $name', (protocol) => {
  test('wait in their handler for a caller that does not read', async () => {
    let sent = 0;
    const binding = bindService(EchoService, {
      async repeat({ count, size }, { signal }, out) {
        const filling = new Uint8Array(size);
        while (sent < count && !signal.aborted) {
          sent += 1;
          await out.send(create(RepeatResponseSchema, { number: sent, filling }));
        }
      },
    });
    await using served = await serveEcho({ services: [binding] });
    const answers = echoClient(protocol, served).repeat({ count: MESSAGES, size: SIZE })[Symbol.asyncIterator]();
    expect((await answers.next()).value).toMatchObject({ number: 1 });
    expect((await settled(() => sent)) * SIZE).toBeLessThan(UNDER_WAY_BYTES);
    await answers.return?.();
    expect(await served.calls(1)).toMatchObject([{ code: 'CANCELLED' }]);
  });
});

test.each(PROTOCOLS.filter(({ name }) => ['gRPC', 'Connect over h2c'].includes(name)))(
  '100 000 answers by $name to a caller that keeps pausing arrive with bounded memory',
  async (protocol) => {
    await using served = await serveEcho();
    const before = process.memoryUsage();
    let most = 0;
    let read = 0;
    for await (const { number } of echoClient(protocol, served).repeat({ count: MESSAGES, size: 100 })) {
      read += 1;
      expect(number).toBe(read);
      if (read % 5_000 === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const now = process.memoryUsage();
        most = Math.max(most, now.arrayBuffers + now.external - before.arrayBuffers - before.external);
      }
    }
    expect(read).toBe(MESSAGES);
    expect(most).toBeLessThan(100 * 1024 * 1024);
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
      while (sent < 4_000) {
        sent += 1;
        yield { data };
      }
    })();
    const answer = echoClient(protocol, served).collect(requests);
    expect((await settled(() => sent)) * 16 * 1024).toBeLessThan(UNDER_WAY_BYTES);
    reading.resolve();
    expect(await answer).toMatchObject({ messages: 4_000 });
  });
});

test.each(BIDI_PROTOCOLS)('a stream both ways by $name holds back a caller that does not read its answers', async (protocol) => {
  await using served = await serveEcho();
  let sent = 0;
  const requests = (async function* () {
    const frames = [{ id: 'run', data: new Uint8Array(16 * 1024) }];
    while (sent < 10_000) {
      sent += 1;
      yield { frames };
    }
  })();
  const answers = echoClient(protocol, served).chat(requests)[Symbol.asyncIterator]();
  await answers.next();
  expect((await settled(() => sent)) * 16 * 1024).toBeLessThan(2 * UNDER_WAY_BYTES);
  await answers.return?.();
  expect(await served.calls(1)).toMatchObject([{ code: 'CANCELLED' }]);
});
