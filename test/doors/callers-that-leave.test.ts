import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';
import { failureOf, failureOfStream } from './failure.ts';
import { BIDI_PROTOCOLS, CLIENT_STREAM_PROTOCOLS, echoClient, PROTOCOLS } from './protocols.ts';
import { serveEcho } from './serve-echo.ts';

const GONE = { reason: 'CALLER_GONE' };

/** How a handler that reads requests without end came out of it. */
type Reading = { readonly read: number; readonly error: unknown };

/** Streams whose handlers say that they run, and later how they ended. */
function watchedService() {
  const running = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const readAll = async (requests: AsyncIterable<unknown>): Promise<void> => {
    let read = 0;
    try {
      for await (const _ of requests) {
        read += 1;
        running.resolve();
      }
      ended.resolve({ read, error: undefined } satisfies Reading);
    } catch (error) {
      ended.resolve({ read, error } satisfies Reading);
      throw error;
    }
  };
  const binding: ServiceBinding = bindService(EchoService, {
    repeat: (_request, { signal }) =>
      new Promise((resolve) => {
        running.resolve();
        signal.addEventListener('abort', () => {
          ended.resolve(signal.reason);
          resolve();
        });
      }),
    async collect(requests) {
      await readAll(requests);
      throw new TypeError('not reached');
    },
    chat: (requests) => readAll(requests),
  });
  return { binding, running: running.promise, ended: ended.promise };
}

/** A message and then silence. */
async function* first<T>(message: T): AsyncIterable<T> {
  yield message;
  await new Promise(() => {});
}

describe.each(PROTOCOLS)('when a caller by $name leaves', (protocol) => {
  test('the handler of its unary call is aborted', async () => {
    await using served = await serveEcho();
    const caller = new AbortController();
    const call = echoClient(protocol, served).echo(
      { id: 'slow', priority: 3, delay: durationFromMs(60_000) },
      { signal: caller.signal },
    );
    const failure = failureOf(call);
    await served.state.waits;
    caller.abort();
    expect(await failure).toMatchObject({ code: 'CANCELLED' });
    expect(await served.calls(1)).toMatchObject([{ code: 'CANCELLED' }]);
    expect(served.state.aborted).toMatchObject([GONE]);
    expect(served.logs).toEqual([]);
  });

  test('the handler of its stream of answers is aborted', async () => {
    const { binding, running, ended } = watchedService();
    await using served = await serveEcho({ services: [binding] });
    const caller = new AbortController();
    const answers = echoClient(protocol, served).repeat({ count: 1 }, { signal: caller.signal });
    const failure = failureOfStream(answers);
    await running;
    caller.abort();
    expect(await ended).toMatchObject(GONE);
    expect(await failure).toMatchObject({ code: 'CANCELLED' });
    expect(await served.calls(1)).toMatchObject([{ code: 'CANCELLED' }]);
    expect(served.logs).toEqual([]);
  });
});

describe.each(CLIENT_STREAM_PROTOCOLS)('when a caller that streams by $name leaves', (protocol) => {
  test('the handler is not made to believe that it has all requests', async () => {
    const { binding, running, ended } = watchedService();
    await using served = await serveEcho({ services: [binding] });
    const caller = new AbortController();
    const call = echoClient(protocol, served).collect(first({ data: new Uint8Array(1) }), { signal: caller.signal });
    const failure = failureOf(call);
    await running;
    caller.abort();
    expect(await ended).toMatchObject({ read: 1, error: GONE });
    expect(await failure).toMatchObject({ code: 'CANCELLED' });
    expect(await served.calls(1)).toMatchObject([{ code: 'CANCELLED' }]);
    expect(served.logs).toEqual([]);
  });
});

describe.each(BIDI_PROTOCOLS)('when a caller of a stream both ways by $name leaves', (protocol) => {
  test('the handler is not made to believe that it has all requests', async () => {
    const { binding, running, ended } = watchedService();
    await using served = await serveEcho({ services: [binding] });
    const caller = new AbortController();
    const answers = echoClient(protocol, served).chat(first({ frames: [] }), { signal: caller.signal });
    const failure = failureOfStream(answers);
    await running;
    caller.abort();
    expect(await ended).toMatchObject({ read: 1, error: GONE });
    expect(await failure).toMatchObject({ code: 'CANCELLED' });
    expect(await served.calls(1)).toMatchObject([{ code: 'CANCELLED' }]);
    expect(served.logs).toEqual([]);
  });
});
