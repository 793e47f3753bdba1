import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '#gen/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '#gen/grpc/reflection/v1/reflection_pb.ts';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createEchoService } from '#test/echo/echo-service.ts';
import { createRpcServer } from '../server.ts';
import { createChannel } from './channel.ts';
import { createClient } from './client.ts';

/** A server of ours with the echo service, and a channel to its gRPC door. */
async function serveEcho() {
  const { binding, state } = createEchoService();
  const server = await createRpcServer({
    services: [binding],
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator: createDevelopmentAuthenticator(),
    log: pino({ level: 'silent' }),
  });
  const channel = createChannel({ address: server.addresses.grpc });
  return {
    server,
    channel,
    state,
    client: createClient(EchoService, channel, { retry: { initialMs: 5 } }),
    async [Symbol.asyncDispose]() {
      channel.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('a call, its request id and its trace context reach the handler', async () => {
  await using echo = await serveEcho();
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const parent = {
    requestId: 'from-parent',
    trace: { traceparent, tracestate: undefined },
    remainingMs: 5_000,
    signal: new AbortController().signal,
  };
  const response = await echo.client.echo({ id: 'a', priority: 1 }, { parent });
  expect(response).toMatchObject({ id: 'a', requestId: 'from-parent', traceparent, tenantId: 'default' });
});

test('every field that breaks its rule is named', async () => {
  await using echo = await serveEcho();
  const error = echo.client.echo({ id: '', priority: 9, tags: [''] });
  await expect(error).rejects.toMatchObject({
    reason: 'INVALID_FIELDS',
    violations: [{ field: 'id' }, { field: 'priority' }, { field: 'tags[0]' }],
  });
});

test('an error of the handler arrives with its reason, and a fault with nothing but an id', async () => {
  await using echo = await serveEcho();
  const refused = echo.client.echo({ id: 'a', priority: 1, fail: 'RUN_NOT_FOUND' });
  await expect(refused).rejects.toMatchObject({ reason: 'RUN_NOT_FOUND', metadata: { asked: 'yes' } });
  const failed = await echo.client.echo({ id: 'a', priority: 1, fail: 'throw' }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ reason: 'INTERNAL', metadata: { error_id: expect.any(String) } });
  expect(String(failed)).not.toContain('secret');
});

test('the deadline of the caller aborts the handler', async () => {
  await using echo = await serveEcho();
  const delay = { seconds: 5n, nanos: 0 };
  const call = echo.client.echo({ id: 'a', priority: 1, delay }, { deadlineMs: 100 });
  await expect(call).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  await expect.poll(() => echo.state.aborted.length).toBe(1);
});

test('an abort of the caller aborts the handler', async () => {
  await using echo = await serveEcho();
  await echo.client.echo({ id: 'warm', priority: 1 });
  const controller = new AbortController();
  const delay = { seconds: 5n, nanos: 0 };
  const call = echo.client.echo({ id: 'a', priority: 1, delay }, { signal: controller.signal });
  void echo.state.waits.then(() => controller.abort());
  await expect(call).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  await expect.poll(() => echo.state.aborted.length).toBe(1);
});

test('a mutation that is not safe to repeat is carried out once', async () => {
  await using echo = await serveEcho();
  await expect(echo.client.count({ count: 1, failTimes: 1 })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(echo.state.counted).toBe(1);
});

test('what nobody may call is denied and what is not built says so', async () => {
  await using echo = await serveEcho();
  await expect(echo.client.forbidden({})).rejects.toMatchObject({ reason: 'ROLE_DENIED' });
  await expect(echo.client.unbuilt({})).rejects.toMatchObject({ reason: 'NOT_BUILT' });
});

test('streams of all kinds work', async () => {
  await using echo = await serveEcho();
  let last = 0;
  for await (const { number } of echo.client.repeat({ count: 500, size: 1_000 })) {
    last = number;
  }
  expect(last).toBe(500);

  const collect = echo.client.collect();
  for (let sent = 0; sent < 100; sent += 1) {
    await collect.send({ data: new Uint8Array(10) });
  }
  expect(await collect.finish()).toMatchObject({ messages: 100, bytes: 1_000n });

  await using chat = echo.client.chat();
  await chat.send({ frames: [{ id: 'a' }, { id: 'b' }] });
  expect((await chat.messages.next()).value?.frames.map(({ id }) => id)).toEqual(['a', 'b']);
  chat.close();
  expect((await chat.messages.next()).done).toBe(true);
});

test('health can be watched until the server drains, and its last word is that it does not serve', async () => {
  await using echo = await serveEcho();
  const health = createClient(Health, echo.channel);
  echo.server.setServing('', true);
  expect((await health.check({})).status).toBe(ServingStatus.SERVING);
  await expect(health.check({ service: 'nobody' })).rejects.toMatchObject({ reason: 'SERVICE_NOT_FOUND' });
  const statuses: ServingStatus[] = [];
  for await (const { status } of health.watch({})) {
    statuses.push(status);
    if (status === ServingStatus.SERVING) {
      void echo.server.drain(5_000);
    }
  }
  expect(statuses).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
});

test('an open conversation with reflection does not hold up the drain', async () => {
  await using echo = await serveEcho();
  await using conversation = createClient(ServerReflection, echo.channel).serverReflectionInfo();
  await conversation.send({ messageRequest: { case: 'listServices', value: '' } });
  const { messageResponse } = (await conversation.messages.next()).value ?? {};
  const services = messageResponse?.case === 'listServicesResponse' ? messageResponse.value.service : [];
  expect(services.map(({ name }) => name)).toContain(EchoService.typeName);
  const startedAt = performance.now();
  await echo.server.drain(5_000);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
