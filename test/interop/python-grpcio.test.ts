import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#test/run.ts';
import { describeWithTools } from '#test/tools/tools.ts';
import { INVALID_FIELDS_INFO, SERVERS_DEADLINE_INFO, THREE_VIOLATIONS } from './echo-cases.ts';
import { type EchoServer, startEchoServer } from './echo-server.ts';

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

type Seen = Readonly<
  Record<'good' | 'health' | 'repeat' | 'chat', unknown> &
    Record<
      'invalid' | 'late' | 'late_at_server' | 'away' | 'health_of_nobody' | 'invalid_repeat' | 'invalid_collect',
      Failure
    >
>;

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = fileURLToPath(new URL('python/echo_client.py', import.meta.url));

/** The health proto gets a root of its own: under `grpc/` its module would hide behind the package grpcio. */
const protoRoots = ['proto', 'proto/vendor', 'test/proto', 'proto/vendor/grpc/health/v1'];
const protos = [
  'health.proto',
  'buf/validate/validate.proto',
  'google/rpc/error_details.proto',
  'google/rpc/status.proto',
  'millrace/common/v1/options.proto',
  'millrace/test/v1/echo_service.proto',
];

async function callAll(python: string, address: string): Promise<Seen> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-python-'));
  try {
    const roots = protoRoots.map((path) => `-I${path}`);
    const outputs = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
    const generated = await run(python, ['-m', 'grpc_tools.protoc', ...roots, ...outputs, ...protos], { cwd: root });
    expect(generated).toMatchObject({ code: 0 });
    const env = { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' };
    const called = await run(python, [script, address], { env });
    expect(called).toMatchObject({ code: 0 });
    return JSON.parse(called.stdout) as Seen;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describeWithTools('grpcio with stubs generated on the spot', ['python'], ({ python }) => {
  let server: EchoServer;
  let seen: Seen;

  beforeAll(async () => {
    server = await startEchoServer();
    seen = await callAll(python, server.addresses.grpc);
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  test('gets an answer, and its request id back in the trailers', () => {
    expect(seen.good).toEqual({
      response: { id: 'a', priority: 3, tags: ['x', 'ü'], tenant_id: 'default', request_id: 'from-python' },
      trailers: { 'x-request-id': 'from-python' },
    });
  });

  test('reads every invalid field and the reason', () => {
    expect(seen.invalid).toEqual({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('priority'),
      details: { ErrorInfo: INVALID_FIELDS_INFO, BadRequest: { field_violations: THREE_VIOLATIONS } },
    });
  });

  test('reads the same of a stream of answers and of a stream of requests', () => {
    const violation = (field: string) => ({ field_violations: [expect.objectContaining({ field })] });
    expect(seen.invalid_repeat).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { BadRequest: violation('count') },
    });
    expect(seen.invalid_collect).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { BadRequest: violation('data') },
    });
  });

  test('gives up at its own deadline, and the handler hears of it', () => {
    expect(seen.late).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(server.state.aborted).toHaveLength(2);
  });

  test('reads the deadline that the server sets for a call without one', () => {
    expect(seen.late_at_server).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      details: { ErrorInfo: SERVERS_DEADLINE_INFO },
    });
  });

  test('reads when to come back', () => {
    expect(seen.away).toMatchObject({
      code: 'UNAVAILABLE',
      details: { ErrorInfo: { reason: 'UNAVAILABLE' }, RetryInfo: { retry_delay: '0.005s' } },
    });
  });

  test('checks the health of a service, and hears that there is no such service', () => {
    expect(seen.health).toEqual({ status: 'SERVING' });
    expect(seen.health_of_nobody).toMatchObject({
      code: 'NOT_FOUND',
      details: { ErrorInfo: { reason: 'SERVICE_NOT_FOUND' } },
    });
  });

  test('gets a stream of answers, and every batch of a conversation back in order', () => {
    expect(seen.repeat).toEqual([1, 2, 3]);
    expect(seen.chat).toEqual([
      [0, 1, 2],
      [10, 11, 12],
      [20, 21, 22],
      [30, 31, 32],
    ]);
  });
});
