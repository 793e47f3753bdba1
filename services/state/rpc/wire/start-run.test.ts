import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { ConflictPolicy, type StartRunRequest, StartRunRequestSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { argumentsHash } from './arguments-hash.ts';
import { attributesToProto } from './attributes.ts';
import { runIdFrom, type StartCall, startFromProto } from './start-run.ts';
import { ATTRIBUTES } from './testing/samples.ts';

type Init = MessageInitShape<typeof StartRunRequestSchema>;

const call: StartCall = {
  tenantId: 'acme',
  requestId: () => 'made',
  traceparent: '00-call',
  requestedBy: 'ann',
};

function requestOf(init: Init = {}): StartRunRequest {
  return create(StartRunRequestSchema, { workflow: 'order', ...init });
}

describe('a start', () => {
  test('has what its request says', () => {
    const request = requestOf({
      runId: 'order-42',
      version: '2',
      requestId: 'q1',
      conflictPolicy: ConflictPolicy.TERMINATE_EXISTING,
      driver: Driver.CLIENT,
      definitionHash: 'h1',
      allowNewDefinition: true,
      priority: 1,
      tags: ['gpu', 'eu', 'gpu'],
      attributes: attributesToProto(Object.entries(ATTRIBUTES)),
      runTimeout: durationFromMs(1_500),
      queue: 'q',
      retention: durationFromMs(60_000),
      traceparent: '00-request',
    });
    expect(startFromProto(request, call)).toEqual({
      runId: 'order-42',
      definitionHash: 'h1',
      version: '2',
      terms: { policy: 'TERMINATE_EXISTING', allowNewDefinition: true },
      driver: 'CLIENT',
      request: { requestId: 'q1', argumentsHash: argumentsHash(request, 'order-42') },
      retentionMs: 60_000,
      traceparent: '00-request',
      priority: 1,
      runTimeoutMs: 1_500,
      command: {
        workflow: 'order',
        tags: ['eu', 'gpu'],
        attributes: ATTRIBUTES,
        requestedBy: 'ann',
        queue: 'q',
      },
    });
  });

  test('of which little is said is driven by the server, fails on conflicts, and leaves the rest to its definition', () => {
    expect(startFromProto(requestOf(), call)).toMatchObject({
      runId: runIdFrom('acme', 'made'),
      definitionHash: '',
      version: '',
      terms: { policy: 'FAIL', allowNewDefinition: false },
      driver: 'SERVER',
      request: { requestId: 'made' },
      retentionMs: undefined,
      traceparent: '00-call',
      priority: undefined,
      runTimeoutMs: undefined,
      command: { tags: [], attributes: {}, queue: '' },
    });
  });

  test.each([
    [ConflictPolicy.FAIL, 'FAIL'],
    [ConflictPolicy.USE_EXISTING, 'USE_EXISTING'],
  ])('with conflict policy %i means %s', (conflictPolicy, policy) => {
    expect(startFromProto(requestOf({ conflictPolicy }), call).terms.policy).toBe(policy);
  });

  test('[41] without a run id has the one that tenant and request id make, each time', () => {
    const first = startFromProto(requestOf({ requestId: 'q1' }), call);
    const again = startFromProto(requestOf({ requestId: 'q1', workflow: 'other' }), call);
    expect(first.runId).toMatch(/^run-[0-9a-f]{32}$/);
    expect(again.runId).toBe(first.runId);
    expect(runIdFrom('acme', 'q2')).not.toBe(first.runId);
    expect(runIdFrom('other', 'q1')).not.toBe(first.runId);
    expect(runIdFrom('a', 'bc')).not.toBe(runIdFrom('ab', 'c'));
  });

  test('with names that are not plain is refused, and every one of them is named by its path', () => {
    const request = requestOf({
      runId: 'a\u0000b',
      workflow: 'a\n',
      version: '\u007f',
      requestId: '\u009f',
      definitionHash: '\t',
      queue: '\r',
      traceparent: '\u001f',
      tags: ['eu', 'a\n'],
      attributes: { 'a\n': { kind: { case: 'booleanValue', value: true } } },
    });
    const fields = [
      'run_id',
      'workflow',
      'version',
      'request_id',
      'definition_hash',
      'queue',
      'traceparent',
      'tags[1]',
      'attributes["a\n"]',
    ];
    const violations = fields.map((field) => ({ field, description: 'must have no control characters' }));
    const refusal = { reason: 'INVALID_FIELDS', message: 'run_id must have no control characters', violations };
    expect(() => startFromProto(request, call)).toThrow(expect.objectContaining(refusal) as Error);
    const entry = { message: 'start.run_id must have no control characters' };
    expect(() => startFromProto(request, call, 'start.')).toThrow(expect.objectContaining(entry) as Error);
  });

  test('with an attribute that is none is refused by its path', () => {
    const request = requestOf({ attributes: { a: {} } });
    expect(() => startFromProto(request, call, 'start.')).toThrow('start.attributes["a"] must have a value');
  });
});
