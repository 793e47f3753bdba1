import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { PayloadSchema as Payload, type PayloadSchema } from '#gen/millrace/common/v1/payload_pb.ts';
import { EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { LeaseSchema } from '#gen/millrace/state/v1/lease_pb.ts';
import { RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { StoredDefinitionSchema } from '#gen/millrace/state/v1/stored_definition_pb.ts';
import { messageJson, payloadJson } from './message-json.ts';

const TIME = Date.UTC(2026, 2, 1, 12, 0, 1, 250);

test('a run has its fields in camel case, short names of enums, ISO times and plain attributes', () => {
  const run = create(RunSchema, {
    runId: 'order-42',
    status: RunStatus.RUNNING,
    lastSequence: 7n,
    createTime: timestampFromMs(TIME),
    output: { value: { case: 'json', value: '{"total": 1.50}' } },
    attributes: {
      customer: { kind: { case: 'keywordValue', value: 'acme' } },
      total: { kind: { case: 'integerValue', value: 12n } },
      paid: { kind: { case: 'booleanValue', value: false } },
      due: { kind: { case: 'pointInTime', value: timestampFromMs(TIME) } },
      skus: { kind: { case: 'keywordList', value: { values: ['a', 'b'] } } },
    },
    waits: [
      { nodePath: 'ship', kind: { case: 'timer', value: { dueTime: timestampFromMs(TIME) } } },
      { kind: { case: 'signal', value: { name: 'paid' } } },
    ],
  });
  const json = messageJson(RunSchema, run);
  expect(json).toMatchObject({
    runId: 'order-42',
    status: 'RUNNING',
    driver: 'UNSPECIFIED',
    cancelling: false,
    tags: [],
    lastSequence: 7,
    createTime: '2026-03-01T12:00:01.250Z',
    attributes: { customer: 'acme', total: 12, paid: false, due: '2026-03-01T12:00:01.250Z', skus: ['a', 'b'] },
    waits: [
      { nodePath: 'ship', kind: 'timer', timer: { dueTime: '2026-03-01T12:00:01.250Z' } },
      { nodePath: '', kind: 'signal', signal: { name: 'paid', approval: false } },
    ],
  });
  expect(JSON.stringify(json)).toContain('"output":{"contentType":"application/json","value":{"total":1.50}}');
  expect(json).not.toHaveProperty('failure');
  expect(json).not.toHaveProperty('input');
});

test('an event names its kind', () => {
  const kind = { case: 'stepRecorded', value: { step: { name: 'charge' }, attempt: 2 } } as const;
  expect(messageJson(EventSchema, create(EventSchema, { sequence: 3n, kind }))).toEqual({
    sequence: 3,
    kind: 'stepRecorded',
    stepRecorded: { step: { scope: '', name: 'charge', occurrence: 0 }, attempt: 2, ordinal: 0 },
  });
});

test('whole numbers that JSON numbers cannot hold are texts', () => {
  expect(messageJson(LeaseSchema, create(LeaseSchema, { fence: 2n ** 60n }))).toMatchObject({
    fence: '1152921504606846976',
  });
});

test('durations are texts with their unit', () => {
  const definition = { workflow: 'order', runTimeout: { seconds: 1n, nanos: 500_000_000 } };
  const json = messageJson(StoredDefinitionSchema, create(StoredDefinitionSchema, { definition }));
  expect(json).toMatchObject({ definition: { workflow: 'order', runTimeout: '1.500s' } });
});

const bytes = Buffer.from([0, 255]);

test.each<[string, MessageInitShape<typeof PayloadSchema>, unknown]>([
  ['JSON text', { value: { case: 'json', value: '[1]' } }, { contentType: 'application/json', value: [1] }],
  [
    'JSON bytes of a type of their own',
    { contentType: 'application/geo+json', value: { case: 'data', value: Buffer.from('{"a":1}') } },
    { contentType: 'application/geo+json', value: { a: 1 } },
  ],
  ['nothing', {}, { contentType: 'application/json', value: null }],
  [
    'other bytes',
    { contentType: 'image/png', value: { case: 'data', value: bytes } },
    { contentType: 'image/png', encodings: [], data: 'AP8=' },
  ],
  [
    'encoded bytes',
    { encodings: ['gzip'], value: { case: 'data', value: bytes } },
    { contentType: 'application/json', encodings: ['gzip'], data: 'AP8=' },
  ],
  [
    'bytes that are no JSON although they should be',
    { value: { case: 'data', value: bytes } },
    { contentType: 'application/json', encodings: [], data: 'AP8=' },
  ],
  [
    'what is in the blob store',
    { value: { case: 'ref', value: { sha256: bytes, size: 2n } } },
    { contentType: 'application/json', encodings: [], ref: { sha256: '00ff', size: 2 } },
  ],
])('a payload of %s is told apart from the others', (_name, payload, json) => {
  expect(payloadJson(create(Payload, payload))).toEqual(json);
});
