import { readFileSync, writeFileSync } from 'node:fs';
import { create, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ErrorInfoSchema } from '#gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '#gen/google/rpc/status_pb.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import type { RpcServer } from '#libs/rpc/server-options.ts';
import { type MethodBinding, rolesOfMethod } from '#libs/rpc/service-binding.ts';
import { createRegistryBindings } from '#services/registry/bindings.ts';
import { createStateBindings } from '#services/state/bindings.ts';
import { createWorkerBindings } from '#services/worker/bindings.ts';

const LIST = new URL('./not-built.json', import.meta.url);
const bindings = [...createRegistryBindings(), ...createStateBindings(), ...createWorkerBindings()];
const methods = bindings.flatMap((binding) => binding.methods);
const unbuilt = methods.filter(({ handler }) => handler === undefined);

let server: RpcServer;
let client: Client;

beforeAll(async () => {
  server = await createRpcServer({
    services: bindings,
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator: createDevelopmentAuthenticator(),
    log: pino({ level: 'silent' }),
  });
  client = new Client(server.addresses.grpc, credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await server.drain(0);
});

test('the list of RPCs that are not built is the one that is committed', () => {
  const names = unbuilt.map(({ path }) => path.slice(1)).toSorted();
  if (process.env['UPDATE_NOT_BUILT'] === '1') {
    writeFileSync(LIST, `${JSON.stringify(names, null, 2)}\n`);
  }
  expect(names).toEqual(JSON.parse(readFileSync(LIST, 'utf8')));
});

test('every RPC names the roles that may call it', () => {
  const open = methods.filter(({ method }) => rolesOfMethod(method).size === 0);
  expect(open.map(({ path }) => path)).toEqual([]);
});

test.each(unbuilt.map((binding) => [binding.path, binding] as const))(
  '%s is validated and then says that it is not built',
  async (path, binding) => {
    const answer = await callWithEmptyRequest(binding);
    if (answer.reason !== 'INVALID_FIELDS') {
      expect(answer).toMatchObject({ reason: 'NOT_BUILT', metadata: { method: path.slice(1) } });
    }
  },
);

test('most of them take an empty request, so that the answer above is not always about validation', async () => {
  const answers = await Promise.all(unbuilt.map(callWithEmptyRequest));
  expect(answers.some(({ reason }) => reason === 'NOT_BUILT')).toBe(unbuilt.length > 0);
});

interface Refusal {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
}

function callWithEmptyRequest({ method, path }: MethodBinding): Promise<Refusal> {
  const encode = (message: Message): Buffer => Buffer.from(toBinary(method.input, message));
  const decode = (bytes: Buffer): Message => fromBinary(method.output, bytes);
  const request = create(method.input);
  return new Promise((resolve, reject) => {
    const refuse = (error: Error | null): void => {
      if (error === null) {
        reject(new Error(`${path} answered`));
      } else {
        resolve(refusalFrom(error as ServiceError));
      }
    };
    switch (method.methodKind) {
      case 'unary':
        client.makeUnaryRequest(path, encode, decode, request, refuse);
        break;
      case 'client_streaming': {
        const call = client.makeClientStreamRequest(path, encode, decode, new Metadata(), refuse);
        call.end(request);
        break;
      }
      case 'server_streaming':
        client.makeServerStreamRequest(path, encode, decode, request).on('error', refuse).resume();
        break;
      case 'bidi_streaming': {
        const call = client.makeBidiStreamRequest(path, encode, decode);
        call.on('error', refuse).resume();
        call.end(request);
      }
    }
  });
}

function refusalFrom(error: ServiceError): Refusal {
  const [details] = error.metadata.get('grpc-status-details-bin');
  const status = fromBinary(StatusSchema, details as Buffer);
  const info = status.details.map((detail) => anyUnpack(detail, ErrorInfoSchema)).find((found) => found !== undefined);
  return { reason: info?.reason ?? '', metadata: info?.metadata ?? {} };
}
