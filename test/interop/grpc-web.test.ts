import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BadRequestSchema, ErrorInfoSchema } from '#gen/google/rpc/error_details_pb.ts';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import {
  AMPLE_MS,
  ECHO_SERVICE,
  INVALID_FIELDS_INFO,
  SERVERS_DEADLINE_INFO,
  THREE_INVALID_FIELDS,
  THREE_VIOLATIONS,
} from './echo-cases.ts';
import { ALLOWED_ORIGIN, type EchoServer, startEchoServer } from './echo-server.ts';

const ample = { timeoutMs: AMPLE_MS };
const slow = { id: 'slow', priority: 1, delay: { seconds: 30n } };

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return await call.then(
    () => expect.fail('the call succeeds'),
    (error: unknown) => ConnectError.from(error),
  );
}

describe('a gRPC-Web client on fetch', () => {
  let server: EchoServer;
  let client: Client<typeof EchoService>;
  beforeAll(async () => {
    server = await startEchoServer();
    client = createClient(EchoService, createGrpcWebTransport({ baseUrl: `http://${server.addresses.http}` }));
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  test('gets an answer, and its request id back in the headers', async () => {
    const seen = new Headers();
    const response = await client.echo(
      { id: 'a', priority: 3, tags: ['x', 'ü'] },
      {
        ...ample,
        headers: { 'x-request-id': 'from-web' },
        onHeader: (headers) => headers.forEach((value, name) => seen.set(name, value)),
      },
    );
    expect(response).toMatchObject({ id: 'a', priority: 3, tags: ['x', 'ü'], tenantId: 'default' });
    expect(seen.get('content-type')).toBe('application/grpc-web+proto');
    expect(seen.get('x-request-id')).toBe('from-web');
  });

  test('reads every invalid field and the reason', async () => {
    const error = await failureOf(
      client.echo({ ...THREE_INVALID_FIELDS, tags: [...THREE_INVALID_FIELDS.tags] }, ample),
    );
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([INVALID_FIELDS_INFO]);
    expect(error.findDetails(BadRequestSchema)).toMatchObject([{ fieldViolations: THREE_VIOLATIONS }]);
  });

  test('gives up at its own deadline, and the handler hears of it', async () => {
    const before = server.state.aborted.length;
    const error = await failureOf(client.echo(slow, { timeoutMs: 200 }));
    expect(error.code).toBe(Code.DeadlineExceeded);
    await expect.poll(() => server.state.aborted.length).toBe(before + 1);
  });

  test('reads the deadline that the server sets for a call without one', async () => {
    const error = await failureOf(client.echo(slow));
    expect(error.code).toBe(Code.DeadlineExceeded);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([SERVERS_DEADLINE_INFO]);
  });

  test('gets a stream of answers', async () => {
    const numbers: number[] = [];
    for await (const { number, filling } of client.repeat({ count: 200, size: 1_000 }, ample)) {
      expect(filling).toHaveLength(1_000);
      numbers.push(number);
    }
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  test('reads the invalid field of a request for a stream', async () => {
    const answers = client.repeat({ count: -1 }, ample)[Symbol.asyncIterator]();
    const error = await failureOf(answers.next());
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(BadRequestSchema)).toMatchObject([{ fieldViolations: [{ field: 'count' }] }]);
  });
});

describe('a page of another origin', () => {
  let server: EchoServer;
  beforeAll(async () => {
    server = await startEchoServer();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  async function echoFrom(origin: string): Promise<Headers> {
    let seen = new Headers();
    const transport = createGrpcWebTransport({
      baseUrl: `http://${server.addresses.http}`,
      fetch: async (input, init) => {
        const headers = new Headers(init?.headers);
        headers.set('origin', origin);
        const response = await fetch(input, { ...init, headers });
        seen = response.headers;
        return response;
      },
    });
    await createClient(EchoService, transport).echo({ id: 'a', priority: 1 }, ample);
    return seen;
  }

  async function preflightFrom(origin: string): Promise<Response> {
    return await fetch(`http://${server.addresses.http}/${ECHO_SERVICE}/Echo`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,grpc-timeout,x-grpc-web,x-user-agent',
      },
    });
  }

  test('may call and read the status when its origin is configured', async () => {
    const headers = await echoFrom(ALLOWED_ORIGIN);
    expect(headers.get('access-control-allow-origin')).toBe(ALLOWED_ORIGIN);
    const exposed = headers.get('access-control-expose-headers')?.toLowerCase().split(', ');
    expect(exposed).toEqual(
      expect.arrayContaining(['grpc-status', 'grpc-message', 'grpc-status-details-bin', 'x-request-id']),
    );
  });

  test('may send what a gRPC-Web client sends when its origin is configured', async () => {
    const { status, headers } = await preflightFrom(ALLOWED_ORIGIN);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(ALLOWED_ORIGIN);
    expect(headers.get('access-control-allow-methods')).toContain('POST');
    const allowed = headers.get('access-control-allow-headers')?.toLowerCase().split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining(['content-type', 'grpc-timeout', 'x-grpc-web', 'x-user-agent', 'authorization']),
    );
  });

  test('is told nothing when its origin is not configured', async () => {
    expect((await echoFrom('https://elsewhere.test')).get('access-control-allow-origin')).toBeNull();
    expect((await preflightFrom('https://elsewhere.test')).headers.get('access-control-allow-origin')).toBeNull();
  });
});
