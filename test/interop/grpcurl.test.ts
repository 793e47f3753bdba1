import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ran, run } from '#test/run.ts';
import { describeWithTools } from '#test/tools/tools.ts';
import {
  AMPLE_MS,
  ECHO_SERVICE,
  INVALID_FIELDS_INFO,
  NEVER_IN_TIME,
  SERVERS_DEADLINE_INFO,
  THREE_INVALID_FIELDS,
  THREE_VIOLATIONS,
} from './echo-cases.ts';
import { type EchoServer, startEchoServer } from './echo-server.ts';

/** grpcurl exits with 64 and the code of the status. */
const exitCode = { invalidArgument: 64 + 3, deadlineExceeded: 64 + 4, unavailable: 64 + 14 };
const ample = ['-max-time', String(AMPLE_MS / 1000)];

describeWithTools('grpcurl without any proto file', ['grpcurl'], ({ grpcurl }) => {
  let server: EchoServer;
  beforeAll(async () => {
    server = await startEchoServer();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  async function ask(...words: string[]): Promise<Ran> {
    return await run(grpcurl, ['-plaintext', ...ample, server.addresses.grpc, ...words]);
  }

  async function call(method: string, request: object, options: readonly string[] = ample): Promise<Ran> {
    const data = ['-d', JSON.stringify(request)];
    return await run(grpcurl, ['-plaintext', ...options, ...data, server.addresses.grpc, method]);
  }

  test('lists the services', async () => {
    const { code, stdout } = await ask('list');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      ECHO_SERVICE,
    ]);
  });

  test('describes a method with its roles and a message with its rules', async () => {
    const method = await ask('describe', `${ECHO_SERVICE}.Echo`);
    expect(method.stdout).toContain('ROLE_VIEWER');
    const message = await ask('describe', 'millrace.test.v1.EchoRequest');
    expect(message.stdout).toContain('min_bytes: 1, max_bytes: 256');
  });

  test('gets an answer', async () => {
    const { code, stdout } = await call(`${ECHO_SERVICE}/Echo`, { id: 'a', priority: 3, tags: ['x', 'ü'] });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ id: 'a', priority: 3, tags: ['x', 'ü'], tenantId: 'default' });
  });

  test('shows every invalid field and the reason, for programs', async () => {
    const options = [...ample, '-format-error'];
    const { code, stderr } = await call(`${ECHO_SERVICE}/Echo`, THREE_INVALID_FIELDS, options);
    expect(code).toBe(exitCode.invalidArgument);
    expect(JSON.parse(stderr)).toEqual({
      code: 3,
      message: expect.stringContaining('priority'),
      details: [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...INVALID_FIELDS_INFO },
        { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: THREE_VIOLATIONS },
      ],
    });
  });

  test('shows every invalid field and the reason, for people', async () => {
    const { stderr } = await call(`${ECHO_SERVICE}/Echo`, THREE_INVALID_FIELDS);
    expect(stderr).toContain('Code: InvalidArgument');
    expect(stderr).toContain('"reason": "INVALID_FIELDS"');
    expect(stderr.match(/"field": ".*"/g)).toEqual(['"field": "id"', '"field": "priority"', '"field": "tags[1]"']);
  });

  test('shows when to come back', async () => {
    const request = { count: 1, failTimes: 1000 };
    const { code, stderr } = await call(`${ECHO_SERVICE}/Count`, request, [...ample, '-format-error']);
    expect(code).toBe(exitCode.unavailable);
    expect(JSON.parse(stderr)).toMatchObject({
      details: [
        { reason: 'UNAVAILABLE' },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '0.005s' },
      ],
    });
  });

  test('gives up at its own deadline, and the handler hears of it', async () => {
    const before = server.state.aborted.length;
    const request = { id: 'slow', priority: 1, delay: NEVER_IN_TIME };
    const { code, stderr } = await call(`${ECHO_SERVICE}/Echo`, request, ['-max-time', '1']);
    expect(code).toBe(exitCode.deadlineExceeded);
    expect(stderr).toContain('Code: DeadlineExceeded');
    await expect.poll(() => server.state.aborted.length).toBe(before + 1);
  });

  test('shows the deadline that the server sets for a call without one', async () => {
    const request = { id: 'slow', priority: 1, delay: NEVER_IN_TIME };
    const { code, stderr } = await call(`${ECHO_SERVICE}/Echo`, request, ['-format-error']);
    expect(code).toBe(exitCode.deadlineExceeded);
    expect(JSON.parse(stderr)).toMatchObject({ details: [SERVERS_DEADLINE_INFO] });
  });

  test('checks the health of a service', async () => {
    const { stdout } = await call('grpc.health.v1.Health/Check', { service: ECHO_SERVICE });
    expect(JSON.parse(stdout)).toEqual({ status: 'SERVING' });
  });

  describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
    const method = `grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;

    test('lists the services', async () => {
      const { stdout } = await call(method, { listServices: '*' });
      const { listServicesResponse } = JSON.parse(stdout) as { listServicesResponse?: { service: object[] } };
      expect(listServicesResponse?.service).toContainEqual({ name: ECHO_SERVICE });
    });

    test.each(['ErrorInfo', 'BadRequest', 'RetryInfo'])('knows google.rpc.%s', async (detail) => {
      const { stdout } = await call(method, { fileContainingSymbol: `google.rpc.${detail}` });
      expect(JSON.parse(stdout)).toMatchObject({
        fileDescriptorResponse: { fileDescriptorProto: [expect.any(String), expect.any(String)] },
      });
    });
  });
});
