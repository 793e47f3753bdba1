import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { ConflictPolicy, type StartRunRequest, StartRunRequestSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { argumentsHash } from './arguments-hash.ts';
import { attributesToProto } from './attributes.ts';
import { ATTRIBUTES } from './testing/samples.ts';

type Init = MessageInitShape<typeof StartRunRequestSchema>;

const attributes = attributesToProto(Object.entries(ATTRIBUTES));

/** A change of each field that is asked for. */
const CHANGES: readonly Init[] = [
  { runId: 'r' },
  { workflow: 'other' },
  { version: '2' },
  { input: { value: { case: 'json', value: '1' } } },
  { input: {} },
  { input: { value: { case: 'data', value: Uint8Array.of(1) } } },
  { input: { contentType: 'text/plain', value: { case: 'data', value: Uint8Array.of(1) } } },
  { input: { encodings: ['zstd'], value: { case: 'data', value: Uint8Array.of(1) } } },
  { conflictPolicy: ConflictPolicy.USE_EXISTING },
  { driver: Driver.SERVER },
  { definitionHash: 'h' },
  { allowNewDefinition: true },
  { firstTask: { taskId: 't' } },
  { priority: 3 },
  { tags: ['eu'] },
  { attributes },
  { runTimeout: durationFromMs(1) },
  { queue: 'q' },
  { retention: durationFromMs(60_000) },
];

function requestOf(init: Init = {}): StartRunRequest {
  return create(StartRunRequestSchema, { workflow: 'order', ...init });
}

function hashOf(init: Init): string {
  const request = requestOf(init);
  return Buffer.from(argumentsHash(request, request.runId)).toString('hex');
}

describe('[41] the hash of the arguments of a start', () => {
  test('is the same for a repeat, whatever tenant, request id and trace it comes with', () => {
    const hash = hashOf({ runId: 'r', attributes });
    expect(hashOf({ runId: 'r', attributes, tenantId: 'acme', requestId: 'q1', traceparent: '00-x' })).toBe(hash);
    const read = fromBinary(
      StartRunRequestSchema,
      toBinary(StartRunRequestSchema, requestOf({ runId: 'r', attributes })),
    );
    expect(Buffer.from(argumentsHash(read, read.runId)).toString('hex')).toBe(hash);
  });

  test('does not depend on the order of the attributes', () => {
    const reversed = Object.fromEntries(Object.entries(attributes).reverse());
    expect(Object.keys(reversed)).not.toEqual(Object.keys(attributes));
    expect(hashOf({ attributes: reversed })).toBe(hashOf({ attributes }));
  });

  test.each(CHANGES)('is another one for %o', (change) => {
    expect(hashOf(change)).not.toBe(hashOf({}));
  });

  test('is another one for each of the changes, also beside a field that few requests have', () => {
    const hashes = CHANGES.map((change) => hashOf({ priority: 5, ...change }));
    expect(new Set([hashOf({ priority: 5 }), ...hashes]).size).toBe(CHANGES.length + 1);
  });

  test('covers every field of the request but tenant, request id and trace', () => {
    const covered = new Set(CHANGES.flatMap((change) => Object.keys(change)));
    const names = StartRunRequestSchema.fields.map(({ localName }) => localName);
    expect(names.filter((name) => !covered.has(name))).toEqual(['tenantId', 'requestId', 'traceparent']);
  });
});
