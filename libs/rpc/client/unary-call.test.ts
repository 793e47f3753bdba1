import { create } from '@bufbuild/protobuf';
import type { ServerUnaryCall, sendUnaryData, UntypedHandleCall } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import {
  type EchoRequest,
  EchoRequestSchema,
  EchoResponseSchema,
  EchoService,
} from '#gen/millrace/test/v1/echo_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { ParentCall } from './call-options.ts';
import { createClient } from './client.ts';
import { connectTo, startBareServer, statusWith } from './testing/bare-server.ts';

type EchoCall = ServerUnaryCall<EchoRequest, unknown>;

/** A server whose Echo answers the request's id; `seen` are its calls. */
function echoing(seen: EchoCall[] = []): Record<string, UntypedHandleCall> {
  return {
    Echo(call: EchoCall, respond: sendUnaryData<unknown>) {
      seen.push(call);
      respond(null, create(EchoResponseSchema, { id: call.request.id, tags: call.request.tags }));
    },
  };
}

/** A server whose Echo never answers. */
function silent(seen: EchoCall[] = [], onCall: (call: EchoCall) => void = () => {}): Record<string, UntypedHandleCall> {
  return {
    Echo(call: EchoCall) {
      seen.push(call);
      onCall(call);
    },
  };
}

function parentWith(parent: Partial<ParentCall>): ParentCall {
  return {
    remainingMs: undefined,
    signal: new AbortController().signal,
    requestId: 'parent-request',
    trace: undefined,
    ...parent,
  };
}

test('a plain object or a message is sent and the answer comes back as a message', async () => {
  await using server = await startBareServer(echoing());
  await using channel = connectTo(server);
  const client = createClient(EchoService, channel);
  const response = await client.echo({ id: 'a', tags: ['x', 'y'] });
  expect(response).toEqual(create(EchoResponseSchema, { id: 'a', tags: ['x', 'y'] }));
  expect(await client.echo(create(EchoRequestSchema, { id: 'b' }))).toMatchObject({ id: 'b' });
});

test('many calls at a time share the connection and get their own answers', async () => {
  await using server = await startBareServer(echoing());
  await using channel = connectTo(server);
  const client = createClient(EchoService, channel);
  const ids = Array.from({ length: 200 }, (_, index) => `id-${index}`);
  const responses = await Promise.all(ids.map((id) => client.echo({ id })));
  expect(responses.map(({ id }) => id)).toEqual(ids);
});

test('the token, request id and trace context of the call go out with it', async () => {
  const seen: EchoCall[] = [];
  await using server = await startBareServer(echoing(seen));
  await using channel = connectTo(server, { token: 'mlr_test' });
  const client = createClient(EchoService, channel);
  const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' };
  await client.echo({ id: 'a' }, { parent: parentWith({ trace }) });
  await client.echo({ id: 'b' }, { requestId: 'own', parent: parentWith({}) });
  await client.echo({ id: 'c' });
  const headers = ['authorization', 'x-request-id', 'traceparent', 'tracestate'];
  expect(seen.map(({ metadata }) => headers.map((name) => metadata.get(name)[0]))).toEqual([
    ['Bearer mlr_test', 'parent-request', trace.traceparent, 'vendor=1'],
    ['Bearer mlr_test', 'own', undefined, undefined],
    ['Bearer mlr_test', undefined, undefined, undefined],
  ]);
});

test('a token that changes is read before every call', async () => {
  const seen: EchoCall[] = [];
  await using server = await startBareServer(echoing(seen));
  let token = 'first';
  await using channel = connectTo(server, { token: () => token });
  const client = createClient(EchoService, channel);
  await client.echo({ id: 'a' });
  token = 'second';
  await client.echo({ id: 'b' });
  expect(seen.map(({ metadata }) => metadata.get('authorization'))).toEqual([['Bearer first'], ['Bearer second']]);
});

test('a request id that no header can carry is refused by name', async () => {
  await using server = await startBareServer(echoing());
  await using channel = connectTo(server);
  const call = createClient(EchoService, channel).echo({ id: 'a' }, { requestId: 'line\nbreak' });
  await expect(call).rejects.toMatchObject({ reason: 'INVALID_FIELDS', violations: [{ field: 'requestId' }] });
});

test('an error of the service arrives as it was thrown there', async () => {
  const status = statusWith(3, 'two fields break their rules', {
    reason: 'INVALID_FIELDS',
    metadata: { limit: '5' },
    violations: [
      { field: 'id', description: 'at least 1 byte', reason: 'string.min_bytes' },
      { field: 'priority', description: 'at most 5' },
    ],
  });
  await using server = await startBareServer({
    Echo: (_: unknown, respond: sendUnaryData<unknown>) => respond(status),
  });
  await using channel = connectTo(server);
  const error = await createClient(EchoService, channel)
    .echo({})
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DomainError);
  expect(error).toMatchObject({
    reason: 'INVALID_FIELDS',
    message: 'two fields break their rules',
    metadata: { limit: '5' },
    violations: [
      { field: 'id', description: 'at least 1 byte', rule: 'string.min_bytes' },
      { field: 'priority', description: 'at most 5' },
    ],
    cause: { code: 'INVALID_ARGUMENT', path: '/millrace.test.v1.EchoService/Echo' },
  });
});

test('a call that takes too long ends at its deadline, and the server is told', async () => {
  const cancelled = Promise.withResolvers<void>();
  await using server = await startBareServer(silent([], (call) => call.on('cancelled', () => cancelled.resolve())));
  await using channel = connectTo(server);
  const startedAt = performance.now();
  const call = createClient(EchoService, channel).echo({ id: 'a' }, { deadlineMs: 100 });
  await expect(call).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  await cancelled.promise;
});

test('the remaining time of the parent caps the deadline and goes out with the call', async () => {
  const seen: EchoCall[] = [];
  await using server = await startBareServer(echoing(seen));
  await using channel = connectTo(server);
  const client = createClient(EchoService, channel, { deadlineMs: 9_000 });
  const now = Date.now();
  await client.echo({ id: 'a' }, { parent: parentWith({ remainingMs: 2_000 }), deadlineMs: 5_000 });
  await client.echo({ id: 'b' }, { parent: parentWith({ remainingMs: 5_000 }), deadlineMs: 2_000 });
  await client.echo({ id: 'c' });
  const deadlines = seen.map((call) => Number(call.getDeadline()) - now);
  expect(deadlines.map((ms) => Math.floor((ms + 500) / 1_000))).toEqual([2, 2, 9]);
});

test('a call whose time is up is not made', async () => {
  const seen: EchoCall[] = [];
  await using server = await startBareServer(echoing(seen));
  await using channel = connectTo(server);
  const call = createClient(EchoService, channel).echo({ id: 'a' }, { parent: parentWith({ remainingMs: 0 }) });
  await expect(call).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  expect(seen).toEqual([]);
});

test('an abort ends the call at once, and the server is told', async () => {
  const called = Promise.withResolvers<EchoCall>();
  await using server = await startBareServer(silent([], called.resolve));
  await using channel = connectTo(server);
  const controller = new AbortController();
  const call = createClient(EchoService, channel).echo({ id: 'a' }, { signal: controller.signal });
  const atServer = await called.promise;
  const cancelled = new Promise((resolve) => atServer.on('cancelled', resolve));
  controller.abort(new TypeError('not needed any more'));
  await expect(call).rejects.toMatchObject({ reason: 'CALLER_GONE', cause: { message: 'not needed any more' } });
  await cancelled;
});

test('the end of the parent ends the call, and its reason is passed on', async () => {
  const called = Promise.withResolvers<EchoCall>();
  await using server = await startBareServer(silent([], called.resolve));
  await using channel = connectTo(server);
  const parent = new AbortController();
  const call = createClient(EchoService, channel).echo({ id: 'a' }, { parent: parentWith({ signal: parent.signal }) });
  await called.promise;
  const reason = new DomainError('DEADLINE_EXCEEDED', 'deadline of 5 ms passed');
  parent.abort(reason);
  await expect(call).rejects.toBe(reason);
});

test('a call that was aborted before is not made', async () => {
  const seen: EchoCall[] = [];
  await using server = await startBareServer(echoing(seen));
  await using channel = connectTo(server);
  const call = createClient(EchoService, channel).echo({ id: 'a' }, { signal: AbortSignal.abort() });
  await expect(call).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  expect(seen).toEqual([]);
});

test('a message above the limit is not sent, and one that comes is not taken', async () => {
  const large = create(EchoResponseSchema, { id: 'x'.repeat(2_000) });
  await using server = await startBareServer({
    Echo: (_: unknown, respond: sendUnaryData<unknown>) => respond(null, large),
  });
  await using channel = connectTo(server, { maxMessageBytes: 1_000 });
  const client = createClient(EchoService, channel);
  await expect(client.echo({ id: 'x'.repeat(1_000) })).rejects.toMatchObject({
    reason: 'PAYLOAD_TOO_LARGE',
    metadata: { size: '1003', maximum: '1000' },
  });
  await expect(client.echo({ id: 'a' })).rejects.toMatchObject({ kind: 'exhausted' });
});

test('what is no such message is refused', async () => {
  await using server = await startBareServer(echoing());
  await using channel = connectTo(server);
  const call = createClient(EchoService, channel).echo({ priority: 1.5 });
  await expect(call).rejects.toMatchObject({ reason: 'MALFORMED' });
});

test('an answer that does not decode is a fault of the other side', async () => {
  // A response of another type: its second field is a string where the answer has a number.
  const other = Object.assign(create(EchoResponseSchema), {
    $unknown: [{ no: 1, wireType: 0, data: new Uint8Array([255]) }],
  });
  await using server = await startBareServer({
    Echo: (_: unknown, respond: sendUnaryData<unknown>) => respond(null, other),
  });
  await using channel = connectTo(server);
  await expect(createClient(EchoService, channel).echo({ id: 'a' })).rejects.toMatchObject({ reason: 'INTERNAL' });
});

test('a method that the service does not have is not built', async () => {
  await using server = await startBareServer({});
  await using channel = connectTo(server);
  await expect(createClient(EchoService, channel).unbuilt({})).rejects.toMatchObject({ reason: 'NOT_BUILT' });
});

test('a closed channel takes no call, and those under way still get their answer', async () => {
  const called = Promise.withResolvers<sendUnaryData<unknown>>();
  await using server = await startBareServer({
    Echo: (_: unknown, respond: sendUnaryData<unknown>) => called.resolve(respond),
  });
  await using channel = connectTo(server);
  const client = createClient(EchoService, channel);
  const call = client.echo({ id: 'a' });
  const respond = await called.promise;
  channel.close();
  await expect(client.echo({ id: 'b' })).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  respond(null, create(EchoResponseSchema, { id: 'late' }));
  expect(await call).toMatchObject({ id: 'late' });
});
