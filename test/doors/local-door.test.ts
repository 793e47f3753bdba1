import { pino } from 'pino';
import { expect, test } from 'vitest';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { createLocalChannel } from '#libs/rpc/local/local-channel.ts';
import { createLocalServer } from '#libs/rpc/local/local-server.ts';
import { createEchoService } from '#test/echo/echo-service.ts';

function serveLocally() {
  const { binding, state } = createEchoService();
  let activity = 0;
  const server = createLocalServer({
    services: [binding],
    log: pino({ level: 'silent' }),
    onActivity: () => {
      activity += 1;
    },
  });
  const channel = createLocalChannel({ server: () => server });
  const client = createClient(EchoService, channel, { retry: { maxAttempts: 1 } });
  return { server, channel, client, state, activity: () => activity };
}

test('a unary call is answered, with the errors and the checks of any door', async () => {
  const { client } = serveLocally();
  expect(await client.echo({ priority: 1, id: 'a', tenantId: 't' }, { requestId: 'r1' })).toMatchObject({
    id: 'a',
    tenantId: 't',
    requestId: 'r1',
  });
  await expect(client.echo({ priority: 1, id: 'a', fail: 'RUN_NOT_FOUND' })).rejects.toMatchObject({
    reason: 'RUN_NOT_FOUND',
    metadata: { asked: 'yes' },
  });
  await expect(client.echo({ priority: 1, id: 'a', fail: 'throw' })).rejects.toMatchObject({
    reason: 'INTERNAL',
    message: expect.not.stringContaining('secret'),
  });
  await expect(client.echo({ id: 'a' })).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
  await expect(
    client.echo({ priority: 1, id: 'a', delay: { seconds: 5n, nanos: 0 } }, { deadlineMs: 20 }),
  ).rejects.toMatchObject({
    reason: 'DEADLINE_EXCEEDED',
  });
});

test('streams of every kind bring all their messages in order, however slowly they are read', async () => {
  const { client, activity } = serveLocally();
  const numbers: number[] = [];
  for await (const { number } of client.repeat({ count: 500, size: 10 })) numbers.push(number);
  expect(numbers).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  await using collected = client.collect();
  for (let sent = 0; sent < 300; sent += 1) await collected.send({ data: new Uint8Array(7) });
  expect(await collected.finish()).toMatchObject({ messages: 300, bytes: 2_100n });
  expect(activity()).toBeGreaterThan(800);
});

test('a caller that leaves, and a call that is not answered, end the work of the handler', async () => {
  const { client, state } = serveLocally();
  const leave = new AbortController();
  const call = client.echo({ priority: 1, id: 'a', delay: { seconds: 5n, nanos: 0 } }, { signal: leave.signal });
  await state.waits;
  leave.abort();
  await expect(call).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  expect(state.aborted).toMatchObject([{ reason: 'CALLER_GONE' }]);
});

test('a connection that is cut loses what is under way, for both sides', async () => {
  const { client, channel, server, state } = serveLocally();
  await using stream = client.chat();
  const next = stream.messages.next().catch((error: unknown) => error);
  const call = client.echo({ priority: 1, id: 'a', delay: { seconds: 5n, nanos: 0 } });
  await state.waits;
  channel.cut();
  await expect(call).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(await next).toMatchObject({ reason: 'UNAVAILABLE' });
  expect(state.aborted).toMatchObject([{ reason: 'CALLER_GONE' }]);
  expect(await client.echo({ priority: 1, id: 'b' })).toMatchObject({ id: 'b' });
  server.close();
  await expect(client.echo({ priority: 1, id: 'c' })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  await channel[Symbol.asyncDispose]();
  await expect(client.echo({ priority: 1, id: 'd' })).rejects.toMatchObject({ reason: 'CALLER_GONE' });
});
