import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '#gen/grpc/health/v1/health_pb.ts';
import { EchoResponseSchema, EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { failureOf, failureOfStream } from './failure.ts';
import { BIDI_PROTOCOLS, echoClient, PROTOCOLS } from './protocols.ts';
import { serveEcho } from './serve-echo.ts';

const ECHO = { id: 'order-42', priority: 3 };
const SLOW = { ...ECHO, delay: durationFromMs(60_000) };

/** An Echo that answers when it is told to. */
function heldEcho() {
  const started = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const binding = bindService(EchoService, {
    async echo({ id }) {
      started.resolve();
      await held.promise;
      return create(EchoResponseSchema, { id });
    },
  });
  return { binding, started: started.promise, release: held.resolve };
}

/** A call and a stream that end only when they are aborted. */
function endlessEcho() {
  let running = 0;
  const bothRun = Promise.withResolvers<void>();
  const aborted: unknown[] = [];
  const untilAborted = ({ signal }: CallContext): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        aborted.push(signal.reason);
        resolve();
      });
      running += 1;
      if (running === 2) {
        bothRun.resolve();
      }
    });
  const binding = bindService(EchoService, {
    async echo(_request, context) {
      await untilAborted(context);
      return create(EchoResponseSchema);
    },
    repeat: (_request, context) => untilAborted(context),
  });
  return { binding, bothRun: bothRun.promise, aborted };
}

describe.each(PROTOCOLS)('while a server drains, by $name', (protocol) => {
  test('a running call finishes and the drain ends with it', async () => {
    const { binding, started, release } = heldEcho();
    await using served = await serveEcho({ services: [binding] });
    const call = echoClient(protocol, served).echo(ECHO);
    await started;
    let isDrained = false;
    const drained = served.server.drain(20_000).then(() => {
      isDrained = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isDrained).toBe(false);
    release();
    expect(await call).toMatchObject({ id: 'order-42' });
    const startedAt = performance.now();
    await drained;
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('a new call is refused, on the old connection and on a new one', async () => {
    const { binding, started, release } = heldEcho();
    await using served = await serveEcho({ services: [binding] });
    const client = echoClient(protocol, served);
    const call = client.echo(ECHO);
    await started;
    const drained = served.server.drain(20_000);
    expect(await failureOf(client.echo({ ...ECHO, id: 'late' }))).toBeDefined();
    expect(await failureOf(echoClient(protocol, served).echo({ ...ECHO, id: 'late' }))).toBeDefined();
    release();
    await Promise.all([call, drained]);
    expect(served.ended).toHaveLength(1);
  });

  test('connections that are kept alive do not hold it up', async () => {
    await using served = await serveEcho();
    const client = echoClient(protocol, served);
    await Promise.all([client.echo(ECHO), client.echo(ECHO)]);
    const startedAt = performance.now();
    await served.server.drain(20_000);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('what is left after the grace period is cut and told why', async () => {
    const { binding, bothRun, aborted } = endlessEcho();
    await using served = await serveEcho({ services: [binding] });
    const client = echoClient(protocol, served);
    const failures = Promise.all([failureOf(client.echo(ECHO)), failureOfStream(client.repeat({ count: 1 }))]);
    await bothRun;
    const startedAt = performance.now();
    await served.server.drain(50);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    const told = { code: 'UNAVAILABLE', reason: 'DRAINING', retryAfterMs: 0 };
    expect(await failures).toMatchObject([told, told]);
    expect(served.ended.map(({ code }) => code)).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    expect(aborted).toMatchObject([{ reason: 'DRAINING' }, { reason: 'DRAINING' }]);
  });

  test('a second drain joins the first', async () => {
    await using served = await serveEcho();
    const call = failureOf(echoClient(protocol, served).echo(SLOW));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const first = served.server.drain(50);
    expect(served.server.drain(60_000)).toBe(first);
    await first;
    await served.server.drain(60_000);
    await call;
  });

  test('its health goes from serving to not serving before it lets go of who watches', async () => {
    await using served = await serveEcho();
    served.server.setServing('', true);
    served.server.setServing(EchoService.typeName, true);
    const health = createClient(Health, protocol.transport(served.addresses));
    expect(await health.check({ service: EchoService.typeName })).toMatchObject({ status: ServingStatus.SERVING });
    const told: ServingStatus[] = [];
    let drained: Promise<void> | undefined;
    for await (const { status } of health.watch({})) {
      told.push(status);
      drained ??= served.server.drain(20_000);
    }
    await drained;
    expect(told).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
  });
});

test.each(BIDI_PROTOCOLS)(
  'a stream both ways by $name hears that it should go away when the server drains',
  async (protocol) => {
    await using served = await serveEcho();
    const end = Promise.withResolvers<void>();
    const requests = (async function* () {
      yield { frames: [{ id: 'first' }] };
      await end.promise;
    })();
    let drained: Promise<void> | undefined;
    let goAways = 0;
    for await (const answer of echoClient(protocol, served).chat(requests)) {
      drained ??= served.server.drain(20_000);
      if (answer.goAway) {
        goAways += 1;
        end.resolve();
      }
    }
    await drained;
    expect(goAways).toBe(1);
    expect(served.ended).toMatchObject([{ code: 'OK' }]);
  },
);

test('a server that nobody called drains at once', async () => {
  const served = await serveEcho();
  const startedAt = performance.now();
  await served.server.drain(20_000);
  expect(performance.now() - startedAt).toBeLessThan(500);
});
