import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { EchoService, type RepeatResponse, RepeatResponseSchema } from '#gen/millrace/test/v1/echo_service_pb.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { Outbound } from '#libs/rpc/handler.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';
import { failureOf, readAll } from './failure.ts';
import { BIDI_PROTOCOLS, echoClient, PROTOCOLS } from './protocols.ts';
import { serveEcho } from './serve-echo.ts';

function pinged(handle: (context: CallContext, out: Outbound<RepeatResponse>) => Promise<void>): ServiceBinding {
  return bindService(EchoService, {
    repeat: {
      ping: () => create(RepeatResponseSchema, { ping: true }),
      handle: (_request, context, out) => handle(context, out),
    },
  });
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => resolve());
  });

describe.each(PROTOCOLS)('a stream of answers by $name', (protocol) => {
  test('is pinged while it is silent, at the interval and not more often', async () => {
    const binding = pinged(async ({ signal }) => aborted(signal));
    await using served = await serveEcho({ services: [binding], limits: { streamPingMs: 60 } });
    const times: number[] = [];
    for await (const { ping } of echoClient(protocol, served).repeat({ count: 1 })) {
      expect(ping).toBe(true);
      if (times.push(performance.now()) === 4) {
        break;
      }
    }
    expect((times[3] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(150);
  });

  test('is not pinged while it is busy', async () => {
    const binding = pinged(async (_context, out) => {
      for (let number = 1; number <= 10; number += 1) {
        await out.send(create(RepeatResponseSchema, { number }));
        await sleep(10);
      }
    });
    await using served = await serveEcho({ services: [binding], limits: { streamPingMs: 100 } });
    const answers = await readAll(echoClient(protocol, served).repeat({ count: 1 }));
    expect(answers.filter(({ ping }) => ping)).toEqual([]);
    expect(answers).toHaveLength(10);
  });

  test('is told to go away when it is old and may end by itself', async () => {
    const binding = pinged(async ({ goAway }, out) => {
      await aborted(goAway);
      await out.send(create(RepeatResponseSchema, { goAway: true }));
    });
    await using served = await serveEcho({ services: [binding], limits: { streamMaxAgeMs: 50 } });
    expect(await readAll(echoClient(protocol, served).repeat({ count: 1 }))).toMatchObject([{ goAway: true }]);
    expect(await served.calls(1)).toMatchObject([{ code: 'OK' }]);
    expect(served.ended[0]?.durationMs).toBeGreaterThan(39);
  });

  test('is cut when it does not go, and told to open a new one', async () => {
    const reason = Promise.withResolvers<unknown>();
    const binding = pinged(async ({ signal }) => {
      await aborted(signal);
      reason.resolve(signal.reason);
    });
    const limits = { streamMaxAgeMs: 30, streamGraceMs: 30 };
    await using served = await serveEcho({ services: [binding], limits });
    expect(await failureOf(readAll(echoClient(protocol, served).repeat({ count: 1 })))).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'UNAVAILABLE',
      retryAfterMs: 0,
    });
    expect(await reason.promise).toMatchObject({ reason: 'UNAVAILABLE' });
    expect(served.ended[0]?.durationMs).toBeGreaterThan(53);
  });
});

describe.each(BIDI_PROTOCOLS)('a stream both ways by $name', (protocol) => {
  test('is pinged while it is silent', async () => {
    await using served = await serveEcho({ limits: { streamPingMs: 40 } });
    const end = Promise.withResolvers<void>();
    const requests = (async function* () {
      yield { frames: [] };
      await end.promise;
    })();
    let pings = 0;
    for await (const { ping } of echoClient(protocol, served).chat(requests)) {
      pings += ping ? 1 : 0;
      if (pings === 2) {
        end.resolve();
      }
    }
    expect(pings).toBe(2);
  });

  test('that is cut wakes a handler that waits for requests or for room', async () => {
    const ended: unknown[] = [];
    const both = Promise.withResolvers<void>();
    const binding = bindService(EchoService, {
      async chat(requests, { signal }, out) {
        const reading = (async () => {
          for await (const _ of requests) {
            // Nothing more comes.
          }
        })();
        const sending = (async () => {
          const frames = [{ id: 'x', data: new Uint8Array(65_536) }];
          while (!signal.aborted) {
            await out.send(create(EchoService.method.chat.output, { frames }));
          }
        })();
        ended.push(...(await Promise.allSettled([reading, sending])));
        both.resolve();
      },
    });
    const limits = { streamMaxAgeMs: 60, streamGraceMs: 30 };
    await using served = await serveEcho({ services: [binding], limits });
    const never = (async function* () {
      yield { frames: [] };
      await new Promise(() => {});
    })();
    const answers = echoClient(protocol, served).chat(never)[Symbol.asyncIterator]();
    await answers.next();
    await both.promise;
    expect(ended).toMatchObject([{ status: 'rejected', reason: { reason: 'UNAVAILABLE' } }, { status: 'fulfilled' }]);
    await answers.return?.();
  });
});
