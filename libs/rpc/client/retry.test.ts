import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import type { ServerUnaryCall, ServiceError, StatusObject, sendUnaryData, UntypedHandleCall } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { CountResponseSchema, EchoResponseSchema, EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { ClientOptions } from './call-options.ts';
import { createClient } from './client.ts';
import { connectTo, startBareServer, statusWith } from './testing/bare-server.ts';
import { type MutateRequest, MutationService } from './testing/mutation-service.ts';

const AWAY = statusWith(14, 'away', { reason: 'UNAVAILABLE' });
const QUICK: ClientOptions = { retry: { initialMs: 5 }, random: () => 0 };

interface Attempts {
  readonly at: number[];
  readonly handlers: Record<string, UntypedHandleCall>;
}

/** Handlers of Echo and Count that fail so many times and then answer. */
function failing(times: number, status: StatusObject = AWAY): Attempts {
  const at: number[] = [];
  const handler =
    (answer: object): UntypedHandleCall =>
    (_call: unknown, respond: sendUnaryData<unknown>) => {
      at.push(performance.now());
      respond(at.length <= times ? (status as Partial<ServiceError>) : null, answer);
    };
  return { at, handlers: { Echo: handler(create(EchoResponseSchema)), Count: handler(create(CountResponseSchema)) } };
}

test('a method without side effects is repeated until it answers', async () => {
  const { at, handlers } = failing(3);
  await using server = await startBareServer(handlers);
  await using channel = connectTo(server);
  await createClient(EchoService, channel, QUICK).echo({ id: 'a' });
  expect(at).toHaveLength(4);
});

test('the fourth failure is told', async () => {
  const { at, handlers } = failing(9);
  await using server = await startBareServer(handlers);
  await using channel = connectTo(server);
  const call = createClient(EchoService, channel, QUICK).echo({ id: 'a' });
  await expect(call).rejects.toMatchObject({ reason: 'UNAVAILABLE', message: 'away' });
  expect(at).toHaveLength(4);
});

test('a method that is not safe to repeat is not', async () => {
  const { at, handlers } = failing(1);
  await using server = await startBareServer(handlers);
  await using channel = connectTo(server);
  const call = createClient(EchoService, channel, QUICK).count({ count: 1 });
  await expect(call).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(at).toHaveLength(1);
});

test.each([
  ['INVALID_ARGUMENT', statusWith(3, 'bad', { reason: 'INVALID_FIELDS' })],
  ['RESOURCE_EXHAUSTED', statusWith(8, 'full', { reason: 'OVERLOADED', retryAfterMs: 1 })],
  ['ABORTED', statusWith(10, 'another', { reason: 'LEASE_LOST' })],
  ['INTERNAL', statusWith(13, 'fault', { reason: 'INTERNAL' })],
])('%s is told at once', async (_code, status) => {
  const { at, handlers } = failing(1, status);
  await using server = await startBareServer(handlers);
  await using channel = connectTo(server);
  await expect(createClient(EchoService, channel, QUICK).echo({ id: 'a' })).rejects.toBeInstanceOf(DomainError);
  expect(at).toHaveLength(1);
});

test('the pause that the service asks for is kept', async () => {
  const { at, handlers } = failing(1, statusWith(14, 'away', { reason: 'DRAINING', retryAfterMs: 150 }));
  await using server = await startBareServer(handlers);
  await using channel = connectTo(server);
  await createClient(EchoService, channel, QUICK).echo({ id: 'a' });
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(140);
});

test('a pause that would outlast the deadline is not begun', async () => {
  const { at, handlers } = failing(1, statusWith(14, 'away', { reason: 'UNAVAILABLE', retryAfterMs: 5_000 }));
  await using server = await startBareServer(handlers);
  await using channel = connectTo(server);
  const startedAt = performance.now();
  const call = createClient(EchoService, channel, QUICK).echo({ id: 'a' }, { deadlineMs: 2_000 });
  await expect(call).rejects.toMatchObject({ reason: 'UNAVAILABLE', retryAfterMs: 5_000 });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(at).toHaveLength(1);
});

test('all attempts share one deadline', async () => {
  const deadlines: number[] = [];
  await using server = await startBareServer({
    Echo(call: ServerUnaryCall<unknown, unknown>, respond: sendUnaryData<unknown>) {
      deadlines.push(Number(call.getDeadline()));
      respond(deadlines.length <= 2 ? (AWAY as Partial<ServiceError>) : null, create(EchoResponseSchema));
    },
  });
  await using channel = connectTo(server);
  const client = createClient(EchoService, channel, { retry: { initialMs: 100 }, random: () => 0 });
  await client.echo({ id: 'a' }, { deadlineMs: 3_000 });
  expect(Math.max(...deadlines) - Math.min(...deadlines)).toBeLessThan(90);
});

test('an abort ends the pause between two attempts', async () => {
  const { at, handlers } = failing(1, statusWith(14, 'away', { reason: 'UNAVAILABLE', retryAfterMs: 10_000 }));
  await using server = await startBareServer(handlers);
  await using channel = connectTo(server);
  const controller = new AbortController();
  const call = createClient(EchoService, channel).echo({ id: 'a' }, { signal: controller.signal });
  await expect.poll(() => at.length).toBe(1);
  setTimeout(() => controller.abort(), 20);
  await expect(call).rejects.toMatchObject({ reason: 'CALLER_GONE' });
});

function mutating(fail: number) {
  const seen: string[] = [];
  const handlers: Record<string, UntypedHandleCall> = {
    Mutate(call: ServerUnaryCall<MutateRequest, unknown>, respond: sendUnaryData<unknown>) {
      seen.push(call.request.requestId);
      respond(seen.length <= fail ? (AWAY as Partial<ServiceError>) : null, call.request);
    },
  };
  return { seen, handlers };
}

test('a mutation without a request id gets one, and its repeats carry the same', async () => {
  const { seen, handlers } = mutating(2);
  await using server = await startBareServer(handlers, { service: MutationService });
  await using channel = connectTo(server);
  const client = createClient(MutationService, channel, QUICK);
  const request: MessageInitShape<DescMessage> = { value: 'v' };
  const answer = (await client.mutate(request)) as unknown as MutateRequest;
  expect(answer.value).toBe('v');
  expect(seen).toHaveLength(3);
  expect(new Set(seen).size).toBe(1);
  expect(seen[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(request).toEqual({ value: 'v' });
  await client.mutate(request);
  expect(seen[3]).not.toBe(seen[0]);
});

test('a request id of the caller is kept', async () => {
  const { seen, handlers } = mutating(1);
  await using server = await startBareServer(handlers, { service: MutationService });
  await using channel = connectTo(server);
  const message = create(MutationService.method.mutate.input, { requestId: 'mine' });
  await createClient(MutationService, channel, QUICK).mutate(message);
  expect(seen).toEqual(['mine', 'mine']);
});

test('a service that is not there yet is called again until it is', async () => {
  const gone = await startBareServer({});
  const { port } = gone;
  await gone[Symbol.asyncDispose]();
  await using channel = connectTo({ address: `127.0.0.1:${port}` }, { reconnectMinMs: 20 });
  const client = createClient(EchoService, channel, { retry: { maxAttempts: 10, initialMs: 50 } });
  const call = client.echo({ id: 'a' });
  await expect(client.count({ count: 1 })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  await using _server = await startBareServer(failing(0).handlers, { port });
  await call;
});

test('a connection that is cut in the middle of a call is made anew for its repeat', async () => {
  const called = Promise.withResolvers<void>();
  const first = await startBareServer({ Echo: () => called.resolve() });
  await using channel = connectTo(first, { reconnectMinMs: 20 });
  const client = createClient(EchoService, channel, { retry: { maxAttempts: 10, initialMs: 50 } });
  const call = client.echo({ id: 'a' });
  await called.promise;
  first.cut();
  await using _second = await startBareServer(failing(0).handlers, { port: first.port });
  await call;
});
