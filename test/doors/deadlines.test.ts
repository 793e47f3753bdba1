import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { EchoResponseSchema, EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { failureOf, failureOfStream } from './failure.ts';
import { echoClient, PROTOCOLS } from './protocols.ts';
import { serveEcho } from './serve-echo.ts';

const SLOW = { id: 'slow', priority: 3, delay: durationFromMs(60_000) };

/** A service that notes what its handlers know of their deadline. */
function remainingService() {
  const contexts: CallContext[] = [];
  const remaining: (number | undefined)[] = [];
  const binding = bindService(EchoService, {
    echo(_request, context) {
      contexts.push(context);
      remaining.push(context.remainingMs);
      return create(EchoResponseSchema);
    },
    async repeat(_request, context) {
      remaining.push(context.remainingMs);
    },
  });
  return { binding, remaining };
}

describe.each(PROTOCOLS)('the deadline of a call by $name', (protocol) => {
  test('is the default where none is given, and the handler is aborted with it', async () => {
    await using served = await serveEcho({ limits: { defaultDeadlineMs: 30 } });
    expect(await failureOf(echoClient(protocol, served).echo(SLOW))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      reason: 'DEADLINE_EXCEEDED',
      metadata: { deadline_ms: '30' },
    });
    expect(served.state.aborted).toMatchObject([{ reason: 'DEADLINE_EXCEEDED' }]);
    expect(served.ended).toMatchObject([{ code: 'DEADLINE_EXCEEDED' }]);
  });

  test('is cut to the greatest', async () => {
    await using served = await serveEcho({ limits: { maxDeadlineMs: 30 } });
    const call = echoClient(protocol, served).echo(SLOW, { timeoutMs: 60_000 });
    expect(await failureOf(call)).toMatchObject({ reason: 'DEADLINE_EXCEEDED', metadata: { deadline_ms: '30' } });
    expect(served.state.aborted).toMatchObject([{ reason: 'DEADLINE_EXCEEDED' }]);
  });

  test("is the caller's where it gives one, and the handler is aborted with it", async () => {
    await using served = await serveEcho();
    // The header alone, so that the client does not look at the clock itself.
    const call = echoClient(protocol, served).echo(SLOW, { headers: protocol.deadlineHeader(40) });
    expect(await failureOf(call)).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await served.calls(1)).toMatchObject([{ code: 'DEADLINE_EXCEEDED' }]);
    expect(served.state.aborted).toMatchObject([{ reason: 'DEADLINE_EXCEEDED' }]);
  });

  test('that the client watches itself aborts the handler too', async () => {
    await using served = await serveEcho();
    const failure = await failureOf(echoClient(protocol, served).echo(SLOW, { timeoutMs: 40 }));
    expect(failure.code).toBe('DEADLINE_EXCEEDED');
    await served.calls(1);
    expect(served.state.aborted).toHaveLength(1);
  });

  test('is known to the handler', async () => {
    const { binding, remaining } = remainingService();
    await using served = await serveEcho({ services: [binding] });
    const client = echoClient(protocol, served);
    await client.echo({ id: 'x', priority: 1 });
    await client.echo({ id: 'x', priority: 1 }, { timeoutMs: 5_000 });
    await client.echo({ id: 'x', priority: 1 }, { timeoutMs: 500_000 });
    for (const [i, deadlineMs] of [30_000, 5_000, 60_000].entries()) {
      expect(remaining[i]).toBeGreaterThan(deadlineMs - 1_000);
      expect(remaining[i]).toBeLessThanOrEqual(deadlineMs);
    }
  });

  test('is absent for a stream whose caller gives none', async () => {
    const { binding, remaining } = remainingService();
    await using served = await serveEcho({ services: [binding], limits: { defaultDeadlineMs: 1, maxDeadlineMs: 1 } });
    for await (const _ of echoClient(protocol, served).repeat({ count: 0 })) {
      // There is none.
    }
    expect(remaining).toEqual([undefined]);
  });

  test('ends a stream whose caller gives one', async () => {
    const aborted = Promise.withResolvers<unknown>();
    const binding = bindService(EchoService, {
      repeat: (_request, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.resolve(signal.reason);
            resolve();
          });
        }),
    });
    await using served = await serveEcho({ services: [binding] });
    const answers = echoClient(protocol, served).repeat({ count: 1 }, { headers: protocol.deadlineHeader(40) });
    expect(await failureOfStream(answers)).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await aborted.promise).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });
});
