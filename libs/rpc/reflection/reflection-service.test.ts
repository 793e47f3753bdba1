import { create, createFileRegistry, type DescService, fromBinary, getOption, type Message } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { Health } from '#gen/grpc/health/v1/health_pb.ts';
import {
  ServerReflectionRequestSchema as RequestV1Schema,
  type ServerReflectionResponse as ResponseV1,
} from '#gen/grpc/reflection/v1/reflection_pb.ts';
import {
  ServerReflectionRequestSchema as RequestV1AlphaSchema,
  type ServerReflectionResponse as ResponseV1Alpha,
} from '#gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { access } from '#gen/millrace/common/v1/options_pb.ts';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import type { CallContext } from '../call-context.ts';
import type { ReflectionQuestion } from './answer-reflection.ts';
import { createReflectionBindings } from './reflection-service.ts';

const bindings = createReflectionBindings([EchoService, Health]);

/** Asks both versions, which must answer alike. */
async function ask(...questions: ReflectionQuestion[]) {
  const v1 = await converse<ResponseV1>(
    0,
    questions.map((messageRequest) => create(RequestV1Schema, { host: 'h', messageRequest })),
  );
  const v1alpha = await converse<ResponseV1Alpha>(
    1,
    questions.map((messageRequest) => create(RequestV1AlphaSchema, { host: 'h', messageRequest })),
  );
  const plain = (responses: readonly (ResponseV1 | ResponseV1Alpha)[]): string =>
    JSON.stringify(responses).replaceAll('v1alpha', 'v1');
  expect(plain(v1alpha)).toBe(plain(v1));
  return v1.map(({ messageResponse }) => messageResponse);
}

async function converse<R>(version: number, requests: readonly Message[]): Promise<R[]> {
  const handler = bindings[version]?.methods[0]?.handler;
  if (handler?.kind !== 'bidi_streaming') {
    throw new TypeError('reflection is not a bidirectional stream');
  }
  async function* inbound() {
    yield* requests;
  }
  const responses: R[] = [];
  const context = { goAway: new AbortController().signal } as CallContext;
  await handler.handle(inbound(), context, {
    send(message) {
      responses.push(message as R);
      return undefined;
    },
  });
  return responses;
}

async function fileNames(question: ReflectionQuestion): Promise<string[]> {
  const [answer] = await ask(question);
  if (answer?.case !== 'fileDescriptorResponse') {
    throw new TypeError(`no file but ${JSON.stringify(answer)}`);
  }
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

const ECHO_FILES = [
  'millrace/test/v1/echo_service.proto',
  'buf/validate/validate.proto',
  'google/protobuf/descriptor.proto',
  'google/protobuf/duration.proto',
  'google/protobuf/field_mask.proto',
  'google/protobuf/timestamp.proto',
  'millrace/common/v1/options.proto',
];

test('the list names the served services and reflection itself', async () => {
  const [answer] = await ask({ case: 'listServices', value: '*' });
  expect(answer?.case === 'listServicesResponse' && answer.value.service.map(({ name }) => name)).toEqual([
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
    'millrace.test.v1.EchoService',
  ]);
});

test.each([
  'millrace.test.v1.EchoService',
  'millrace.test.v1.EchoService.Echo',
  'millrace.test.v1.EchoRequest',
  'millrace.test.v1.EchoRequest.tenant_id',
])('the file that declares %s comes first, then all that it imports', async (symbol) => {
  const names = await fileNames({ case: 'fileContainingSymbol', value: symbol });
  expect(names[0]).toBe(ECHO_FILES[0]);
  expect([...names].sort()).toEqual([...ECHO_FILES].sort());
});

test.each([
  ['a nested enum', 'grpc.health.v1.HealthCheckResponse.ServingStatus', 'grpc/health/v1/health.proto'],
  ['a value of a nested enum', 'grpc.health.v1.HealthCheckResponse.SERVICE_UNKNOWN', 'grpc/health/v1/health.proto'],
  ['an enum', 'millrace.common.v1.Role', 'millrace/common/v1/options.proto'],
  ['a value of an enum', 'millrace.common.v1.ROLE_VIEWER', 'millrace/common/v1/options.proto'],
  ['an extension', 'millrace.common.v1.access', 'millrace/common/v1/options.proto'],
  ['a nested message', 'google.protobuf.DescriptorProto.ExtensionRange', 'google/protobuf/descriptor.proto'],
  ['an extension of another package', 'buf.validate.field', 'buf/validate/validate.proto'],
  ['a oneof', 'grpc.reflection.v1.ServerReflectionRequest.message_request', 'grpc/reflection/v1/reflection.proto'],
  ['a detail of errors, which no method names', 'google.rpc.BadRequest', 'google/rpc/error_details.proto'],
])('%s is found', async (_what, symbol, file) => {
  expect((await fileNames({ case: 'fileContainingSymbol', value: symbol }))[0]).toBe(file);
});

test.each(ECHO_FILES)('%s is found by its name', async (name) => {
  expect((await fileNames({ case: 'fileByFilename', value: name }))[0]).toBe(name);
});

test('an extension is found by the message that it extends and its number', async () => {
  const extension = { containingType: 'google.protobuf.MethodOptions', extensionNumber: 50701 };
  const names = await fileNames({ case: 'fileContainingExtension', value: extension });
  expect(names[0]).toBe('millrace/common/v1/options.proto');
});

test('the numbers of all extensions of a message are told, and a message without any has none', async () => {
  const answers = await ask(
    { case: 'allExtensionNumbersOfType', value: 'google.protobuf.MethodOptions' },
    { case: 'allExtensionNumbersOfType', value: 'millrace.test.v1.EchoRequest' },
  );
  expect(answers).toMatchObject([
    {
      case: 'allExtensionNumbersResponse',
      value: { baseTypeName: 'google.protobuf.MethodOptions', extensionNumber: [50701] },
    },
    { case: 'allExtensionNumbersResponse', value: { extensionNumber: [] } },
  ]);
});

test.each<ReflectionQuestion>([
  { case: 'fileByFilename', value: 'nowhere.proto' },
  { case: 'fileContainingSymbol', value: 'millrace.test.v1.Nothing' },
  { case: 'fileContainingSymbol', value: '' },
  { case: 'fileContainingExtension', value: { containingType: 'google.protobuf.MethodOptions', extensionNumber: 1 } },
  { case: 'fileContainingExtension', value: { containingType: 'nothing', extensionNumber: 50701 } },
  { case: 'allExtensionNumbersOfType', value: 'nothing' },
])('what is not there is answered as not found: $case', async (question) => {
  const [answer] = await ask(question);
  expect(answer).toMatchObject({ case: 'errorResponse', value: { errorCode: 5 } });
});

test('an empty question is answered as an invalid argument and the conversation goes on', async () => {
  const answers = await ask({ case: undefined }, { case: 'listServices', value: '' });
  expect(answers).toMatchObject([{ case: 'errorResponse', value: { errorCode: 3 } }, { case: 'listServicesResponse' }]);
});

test('the answered files make up the service again, with its options', async () => {
  const [answer] = await ask({ case: 'fileContainingSymbol', value: EchoService.typeName });
  const bytes = answer?.case === 'fileDescriptorResponse' ? answer.value.fileDescriptorProto : [];
  const [main, ...imports] = bytes.map((one) => fromBinary(FileDescriptorProtoSchema, one));
  if (main === undefined) {
    throw new TypeError('no file');
  }
  const registry = createFileRegistry(main, (wanted) => imports.find(({ name }) => name === wanted));
  const rebuilt = registry.getService(EchoService.typeName);
  const shape = ({ methods }: DescService): unknown[] =>
    methods.map((method) => [method.name, method.methodKind, method.idempotency, getOption(method, access).roles]);
  expect(rebuilt && shape(rebuilt)).toEqual(shape(EchoService));
});

test('every role may ask and nobody without one', () => {
  for (const { methods } of bindings) {
    expect(methods[0]?.allowed).toEqual(new Set(['viewer', 'developer', 'operator', 'worker', 'admin', 'root']));
  }
});

test('an idle conversation ends when the server asks it to', async () => {
  const goAway = new AbortController();
  const handler = bindings[0]?.methods[0]?.handler;
  async function* silent(): AsyncGenerator<Message> {
    await new Promise(() => {});
    yield create(RequestV1Schema);
  }
  const context = { goAway: goAway.signal } as CallContext;
  const ended = handler?.kind === 'bidi_streaming' && handler.handle(silent(), context, { send: () => undefined });
  goAway.abort();
  await ended;
});
