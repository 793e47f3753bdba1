import { connect as connectHttp2 } from 'node:http2';
import { create, fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { BadRequestSchema, ErrorInfoSchema } from '#gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '#gen/google/rpc/status_pb.ts';
import { EchoRequestSchema, EchoResponseSchema, EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { decoder, encoder } from '#test/bench/rpc/bare-server.ts';
import { failureOf, failureOfStream } from './failure.ts';
import { echoClient, PROTOCOLS } from './protocols.ts';
import { envelopeBytes } from './raw-http.ts';
import { type ServedEcho, serveEcho } from './serve-echo.ts';
import { createTokenAuthenticator } from './token-authenticator.ts';

const ECHO_PATH = '/millrace.test.v1.EchoService/Echo';
const CHAT_PATH = '/millrace.test.v1.EchoService/Chat';
const gRPC = PROTOCOLS[0] ?? expect.unreachable();
/** A field with a length that goes beyond the end. */
const MALFORMED = Buffer.from([0x12, 0x7f, 0x41]);

interface Answer {
  readonly error: ServiceError | null;
  readonly response: unknown;
  readonly trailers: Metadata;
}

/** One call of a client of grpc-js, with bytes of the caller's choice. */
async function callBytes(
  served: ServedEcho,
  path: string,
  bytes: Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const client = new Client(served.addresses.grpc, credentials.createInsecure());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, value);
  }
  try {
    return await new Promise((resolve) => {
      let answer: Pick<Answer, 'error' | 'response'>;
      const call = client.makeUnaryRequest<Buffer, unknown>(
        path,
        (request) => request,
        decoder(EchoResponseSchema),
        bytes,
        metadata,
        (error, response) => {
          answer = { error, response };
        },
      );
      call.on('status', ({ metadata: trailers }) => setImmediate(() => resolve({ ...answer, trailers })));
    });
  } finally {
    client.close();
  }
}

function detailsOf(trailers: Metadata) {
  const [bytes] = trailers.get('grpc-status-details-bin');
  const message = fromBinary(StatusSchema, bytes as Buffer);
  const unpack = <D extends typeof ErrorInfoSchema | typeof BadRequestSchema>(desc: D) =>
    message.details.map((detail) => anyUnpack(detail, desc)).find((detail) => detail !== undefined);
  return { code: message.code, message: message.message, info: unpack(ErrorInfoSchema), bad: unpack(BadRequestSchema) };
}

describe('a client of grpc-js', () => {
  test('is answered, with the request id in the trailers', async () => {
    await using served = await serveEcho();
    const bytes = encoder(EchoRequestSchema)(create(EchoRequestSchema, { id: 'order-42', priority: 3 }));
    const { error, response, trailers } = await callBytes(served, ECHO_PATH, bytes, { 'x-request-id': 'r-1' });
    expect(error).toBeNull();
    expect(response).toMatchObject({ id: 'order-42', requestId: 'r-1' });
    expect(trailers.get('x-request-id')).toEqual(['r-1']);
  });

  test('finds google.rpc.Status in the trailer, with the code and message of the call', async () => {
    await using served = await serveEcho();
    const bytes = encoder(EchoRequestSchema)(create(EchoRequestSchema, { priority: 9 }));
    const { error, trailers } = await callBytes(served, ECHO_PATH, bytes, { 'x-request-id': 'r-2' });
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(trailers.get('x-request-id')).toEqual(['r-2']);
    const details = detailsOf(trailers);
    expect(details).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: error?.details,
      info: { reason: 'INVALID_FIELDS', domain: 'millrace' },
    });
    expect(details.bad).toMatchObject({ fieldViolations: [{ field: 'id' }, { field: 'priority' }] });
  });

  test('that sends no message of the type is told so', async () => {
    await using served = await serveEcho();
    const { error, trailers } = await callBytes(served, ECHO_PATH, MALFORMED);
    expect(error).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'request is no millrace.test.v1.EchoRequest',
    });
    expect(detailsOf(trailers).info).toMatchObject({ reason: 'MALFORMED' });
    expect(served.ended).toMatchObject([{ code: 'INVALID_ARGUMENT' }]);
    expect(served.logs).toEqual([]);
  });

  test('that sends no message of the type is not told so before it is known', async () => {
    await using served = await serveEcho({ authenticator: createTokenAuthenticator('later') });
    expect((await callBytes(served, ECHO_PATH, MALFORMED)).error?.code).toBe(status.UNAUTHENTICATED);
  });

  test('that sends a message a little too large is told the limit, and one far too large that it is', async () => {
    await using served = await serveEcho({ limits: { maxMessageBytes: 1_000 } });
    const request = (size: number): Buffer =>
      encoder(EchoRequestSchema)(create(EchoRequestSchema, { id: 'x'.repeat(size), priority: 1 }));
    const little = await callBytes(served, ECHO_PATH, request(1_500));
    expect(little.error?.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(detailsOf(little.trailers).info).toMatchObject({
      reason: 'PAYLOAD_TOO_LARGE',
      metadata: { size: '1505', maximum: '1000' },
    });
    const far = await callBytes(served, ECHO_PATH, request(9_000));
    expect(far.error?.code).toBe(status.RESOURCE_EXHAUSTED);
  });

  test('that asks for an unknown method is told so', async () => {
    await using served = await serveEcho();
    const { error } = await callBytes(served, '/millrace.test.v1.EchoService/Nothing', MALFORMED);
    expect(error?.code).toBe(status.UNIMPLEMENTED);
  });
});

test('bytes that are no message inside a stream are told so', async () => {
  await using served = await serveEcho();
  const session = connectHttp2(`http://${served.addresses.grpc}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': CHAT_PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const headers = new Promise<Record<string, unknown>>((resolve) => stream.on('response', resolve));
  const trailers = new Promise<Record<string, unknown>>((resolve) => stream.on('trailers', resolve));
  stream.write(envelopeBytes(MALFORMED));
  stream.resume();
  const ended = await Promise.race([trailers, headers.then((all) => ('grpc-status' in all ? all : trailers))]);
  expect(ended['grpc-status']).toBe(String(status.INVALID_ARGUMENT));
  session.destroy();
});

test('an answer that cannot be encoded is a fault, told as such and logged', async () => {
  const broken = create(EchoResponseSchema, { priority: 2 ** 40 });
  const binding = bindService(EchoService, {
    echo: () => broken,
    repeat: async (_request, _context, out) => {
      await out.send(create(EchoService.method.repeat.output, { number: 2 ** 40 }));
    },
  });
  await using served = await serveEcho({ services: [binding] });
  const client = echoClient(gRPC, served);
  expect(await failureOf(client.echo({ id: 'x', priority: 1 }))).toMatchObject({
    code: 'INTERNAL',
    reason: 'INTERNAL',
  });
  expect(await failureOfStream(client.repeat({ count: 1 }))).toMatchObject({ code: 'INTERNAL', reason: 'INTERNAL' });
  expect(served.ended).toMatchObject([{ code: 'INTERNAL' }, { code: 'INTERNAL' }]);
  expect(served.logs).toMatchObject([{ level: 50 }, { level: 50 }]);
});

test('an answer that is too large names its size and the limit', async () => {
  await using served = await serveEcho({ limits: { maxMessageBytes: 1_000 } });
  const failure = await failureOfStream(echoClient(gRPC, served).repeat({ count: 1, size: 2_000 }));
  expect(failure).toMatchObject({ reason: 'PAYLOAD_TOO_LARGE', metadata: { maximum: '1000' } });
});

test('a handler that rejects with nothing at all is a fault', async () => {
  const binding = bindService(EchoService, { echo: () => Promise.reject() });
  await using served = await serveEcho({ services: [binding] });
  for (const protocol of PROTOCOLS) {
    const failure = await failureOf(echoClient(protocol, served).echo({ id: 'x', priority: 1 }));
    expect(failure).toMatchObject({ code: 'INTERNAL', reason: 'INTERNAL' });
  }
});
