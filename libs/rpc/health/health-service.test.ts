import { create, type Message } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  HealthCheckRequestSchema,
  type HealthCheckResponse,
  HealthListRequestSchema,
  type HealthListResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '#gen/grpc/health/v1/health_pb.ts';
import type { CallContext } from '../call-context.ts';
import type { ServiceBinding } from '../service-binding.ts';
import { createHealthBinding } from './health-service.ts';
import { createHealthState, type HealthState } from './health-state.ts';

const SERVICE = 'millrace.test.v1.EchoService';
const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;

function call(binding: ServiceBinding, name: string, request: Message): Promise<Message> {
  const handler = binding.methods.find(({ method }) => method.name === name)?.handler;
  if (handler?.kind !== 'unary') {
    throw new TypeError(`${name} is not unary`);
  }
  return Promise.resolve().then(() => handler.handle(request, {} as CallContext));
}

async function check(state: HealthState, service: string): Promise<ServingStatus> {
  const request = create(HealthCheckRequestSchema, { service });
  const response = (await call(createHealthBinding(state), 'Check', request)) as HealthCheckResponse;
  return response.status;
}

function watch(binding: ServiceBinding, service: string, send?: () => Promise<void> | undefined) {
  const caller = new AbortController();
  const server = new AbortController();
  const handler = binding.methods.find(({ method }) => method.name === 'Watch')?.handler;
  if (handler?.kind !== 'server_streaming') {
    throw new TypeError('watch is not a stream');
  }
  const told: ServingStatus[] = [];
  const context = { signal: caller.signal, goAway: server.signal } as unknown as CallContext;
  const ended = handler.handle(create(HealthCheckRequestSchema, { service }), context, {
    send(message) {
      told.push((message as HealthCheckResponse).status);
      return send?.();
    },
  });
  return { told, ended, leave: () => caller.abort(), sendAway: () => server.abort() };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the process and its services do not serve until they say so', async () => {
  const state = createHealthState([SERVICE]);
  expect(await check(state, '')).toBe(NOT_SERVING);
  state.set('', true);
  expect(await check(state, '')).toBe(SERVING);
  expect(await check(state, SERVICE)).toBe(NOT_SERVING);
});

test('a check of an unknown service is not found', async () => {
  await expect(check(createHealthState(), 'nobody')).rejects.toMatchObject({
    reason: 'SERVICE_NOT_FOUND',
    kind: 'not-found',
  });
});

test('the list has the process and every known service', async () => {
  const state = createHealthState([SERVICE]);
  state.set('', true);
  const request = create(HealthListRequestSchema);
  const { statuses } = (await call(createHealthBinding(state), 'List', request)) as HealthListResponse;
  expect(Object.entries(statuses).map(([name, { status }]) => [name, status])).toEqual([
    ['', SERVING],
    [SERVICE, NOT_SERVING],
  ]);
});

test('everyone may probe', () => {
  const { methods } = createHealthBinding(createHealthState());
  expect(methods.map(({ path, allowed }) => [path, allowed])).toEqual([
    ['/grpc.health.v1.Health/Check', 'everyone'],
    ['/grpc.health.v1.Health/Watch', 'everyone'],
    ['/grpc.health.v1.Health/List', 'everyone'],
  ]);
});

test('a watcher is told the status at once and after every change of its service only', async () => {
  const state = createHealthState([SERVICE]);
  const { told, ended, leave } = watch(createHealthBinding(state), SERVICE);
  await turn();
  state.set('', true);
  await turn();
  state.set(SERVICE, true);
  state.set(SERVICE, true);
  await turn();
  leave();
  await ended;
  expect(told).toEqual([NOT_SERVING, SERVING]);
});

test('a watcher of an unknown service is told so and hears when it becomes known', async () => {
  const state = createHealthState();
  const { told, ended, leave } = watch(createHealthBinding(state), SERVICE);
  await turn();
  state.set(SERVICE, true);
  await turn();
  leave();
  await ended;
  expect(told).toEqual([SERVICE_UNKNOWN, SERVING]);
});

test('a slow watcher gets the newest status and misses those in between', async () => {
  const state = createHealthState([SERVICE]);
  const room: (() => void)[] = [];
  const { told, ended, leave } = watch(
    createHealthBinding(state),
    SERVICE,
    () => new Promise((resolve) => room.push(resolve)),
  );
  await turn();
  state.set(SERVICE, true);
  state.set(SERVICE, false);
  state.set(SERVICE, true);
  await turn();
  expect(told).toEqual([NOT_SERVING]);
  room.shift()?.();
  await turn();
  expect(told).toEqual([NOT_SERVING, SERVING]);
  leave();
  room.shift()?.();
  await ended;
});

test('a watcher that is sent away is told the last status first', async () => {
  const state = createHealthState([SERVICE]);
  state.set(SERVICE, true);
  const { told, ended, sendAway } = watch(createHealthBinding(state), SERVICE);
  await turn();
  state.drain();
  sendAway();
  await ended;
  expect(told).toEqual([SERVING, NOT_SERVING]);
});

test('a watcher that opens while the process drains is told the status and let go', async () => {
  const state = createHealthState([SERVICE]);
  const { told, ended, sendAway } = watch(createHealthBinding(state), SERVICE);
  sendAway();
  await ended;
  expect(told).toEqual([NOT_SERVING]);
});

test('nothing serves again once the process drains', async () => {
  const state = createHealthState([SERVICE]);
  state.set('', true);
  state.drain();
  state.set('', true);
  state.set(SERVICE, true);
  expect([...state.statuses.values()]).toEqual([false, false]);
});

test('watchers beyond the limit are refused and told when to come back, and leave room when they go', async () => {
  const binding = createHealthBinding(createHealthState(), { maxWatchers: 1 });
  const first = watch(binding, '');
  await expect(watch(binding, '').ended).rejects.toMatchObject({ reason: 'OVERLOADED', retryAfterMs: 5_000 });
  first.leave();
  await first.ended;
  const next = watch(binding, '');
  next.leave();
  await next.ended;
});

test('a name that no service can have is not watched', async () => {
  const { ended } = watch(createHealthBinding(createHealthState()), 'x'.repeat(257));
  await expect(ended).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
});
