import { create, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { type AttributeValue, AttributeValueSchema } from '#gen/millrace/state/v1/attribute_pb.ts';
import { ControlSchema } from '#gen/millrace/state/v1/control_pb.ts';
import { LeaseRefSchema, LeaseSchema } from '#gen/millrace/state/v1/lease_pb.ts';
import { RunParentSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { StepIdSchema } from '#gen/millrace/state/v1/step_events_pb.ts';
import { DivergenceWaitSchema } from '#gen/millrace/state/v1/wait_pb.ts';
import { FailureSchema } from '#gen/millrace/workflow/v1/failure_pb.ts';
import { failureOf } from '#libs/engine/testing/scenario.ts';
import { attributesFromProto, attributesToProto } from './attributes.ts';
import { controlToProto } from './control.ts';
import { divergenceFromProto, divergenceToProto } from './divergence.ts';
import { failureFromProto, failureToProto, maybeFailureToProto } from './failure.ts';
import { leaseProofFromProto, leaseToProto, maybeProofFromRef } from './lease.ts';
import { maybeParentToProto } from './parent.ts';
import { maybeStepIdToProto, pathOf, stepIdFromProto, stepIdToProto } from './step-id.ts';
import {
  ATTRIBUTES,
  FAILURE,
  FAILURE_JSON,
  INCARNATION,
  LEASE,
  LEASE_JSON,
  RUN,
  STEP,
  TIME,
  TIME_JSON,
} from './testing/samples.ts';
import { shapeFaults } from './testing/shape-faults.ts';

describe('a failure', () => {
  test('is the same after it was on the wire, with its causes and details', () => {
    const message = failureToProto(FAILURE);
    expect(shapeFaults(FailureSchema, message)).toEqual([]);
    expect(toJson(FailureSchema, message)).toEqual(FAILURE_JSON);
    const read = fromBinary(FailureSchema, toBinary(FailureSchema, message));
    expect(failureFromProto(read, 'failure')).toEqual(FAILURE);
  });

  test('of which little is known is the same too, and none is none', () => {
    const failure = failureOf('E');
    expect(failureFromProto(failureToProto(failure), 'failure')).toEqual(failure);
    expect(failureToProto({ ...failure, attempts: 0 }).attempts).toBe(0);
    expect(maybeFailureToProto(undefined)).toBeUndefined();
  });

  test('with details that still name an upload is refused by their path', () => {
    const ref = { sha256: new Uint8Array(32), uploadId: 'u1' };
    const message = create(FailureSchema, { details: { value: { case: 'ref', value: ref } } });
    expect(() => failureFromProto(message, 'failed.failure')).toThrow('failed.failure.details.ref.upload_id');
  });
});

describe('attributes', () => {
  test('of every kind are the same after they were on the wire', () => {
    const messages = attributesToProto(Object.entries(ATTRIBUTES));
    const read = Object.entries(messages).map(([name, message]): [string, AttributeValue] => {
      expect(shapeFaults(AttributeValueSchema, message)).toEqual([]);
      return [name, fromBinary(AttributeValueSchema, toBinary(AttributeValueSchema, message))];
    });
    expect(attributesFromProto(Object.fromEntries(read), 'attributes')).toEqual(ATTRIBUTES);
  });

  test('may be called as what every object has', () => {
    const attributes = Object.fromEntries([['__proto__', { kind: 'keyword', value: 'x' } as const]]);
    const messages = attributesToProto(Object.entries(attributes));
    expect(Object.keys(messages)).toEqual(['__proto__']);
    expect(Object.entries(attributesFromProto(messages, 'attributes'))).toEqual(Object.entries(attributes));
  });

  test.each([
    ['without a value', 'a', create(AttributeValueSchema, {}), 'attributes["a"] must have a value'],
    [
      'with a moment that is none',
      'a',
      create(AttributeValueSchema, { kind: { case: 'pointInTime', value: { nanos: -1 } } }),
      'attributes["a"].point_in_time must be a moment',
    ],
    [
      'with a control character in the name',
      'a\u0000',
      create(AttributeValueSchema, { kind: { case: 'keywordValue', value: 'x' } }),
      'attributes["a\u0000"] must have no control characters',
    ],
  ])('%s are refused by their path', (_, name, message, problem) => {
    expect(() => attributesFromProto({ [name]: message }, 'attributes')).toThrow(problem);
  });
});

describe('a lease', () => {
  const ref = create(LeaseRefSchema, { ...RUN, itemId: `${INCARNATION}.2`, fence: 5n });
  const proof = { incarnation: INCARNATION, nodePath: '', itemSequence: 2, fence: 5n };

  test('is told with run, task and item, and without an end while heartbeats keep it', () => {
    const message = leaseToProto(LEASE, RUN, 'a/b');
    expect(shapeFaults(LeaseSchema, message)).toEqual([]);
    expect(toJson(LeaseSchema, message)).toEqual(LEASE_JSON);
    expect(leaseToProto({ ...LEASE, expireTime: undefined }, RUN, '').expireTime).toBeUndefined();
  });

  test('that a call names proves the hold of the item', () => {
    expect(leaseProofFromProto(ref)).toEqual(proof);
    expect(leaseProofFromProto(ref, 'a/b')).toEqual({ ...proof, nodePath: 'a/b' });
    expect(maybeProofFromRef(ref, proof)).toBe(proof);
  });

  test.each(['', '2', 'free-item', `${INCARNATION}.0`, `${INCARNATION}.2x`, `other.2`])(
    'of item %j is lost: the incarnation has none',
    (itemId) => {
      const other = create(LeaseRefSchema, { ...ref, itemId });
      expect(leaseProofFromProto(other)).toEqual({ ...proof, itemSequence: 0 });
      expect(maybeProofFromRef(other, proof)).toBeUndefined();
    },
  );

  test.each([{ fence: 6n }, { itemId: `${INCARNATION}.3` }, { incarnation: 'other', itemId: 'other.2' }])(
    'with %o is another one',
    (change) => {
      expect(maybeProofFromRef(create(LeaseRefSchema, { ...ref, ...change }), proof)).toBeUndefined();
    },
  );
});

describe('a step', () => {
  test('is the same after it was on the wire, and none is none', () => {
    const message = stepIdToProto(STEP);
    expect(shapeFaults(StepIdSchema, message)).toEqual([]);
    expect(stepIdFromProto(message)).toEqual(STEP);
    expect(maybeStepIdToProto(undefined)).toBeUndefined();
  });

  test.each([
    ['name', { name: 'a\nb' }],
    ['scope', { scope: '0\u007f' }],
    ['name', { name: '\u0085' }],
  ])('with a control character in its %s is refused: it could be taken for another one', (field, change) => {
    const message = create(StepIdSchema, { ...stepIdToProto(STEP), ...change });
    expect(() => stepIdFromProto(message)).toThrow(`${field} must have no control characters`);
  });

  test('has a path of scope and name; without one it is the path of the node', () => {
    expect(pathOf('a/b', STEP)).toBe('0/3/größe');
    expect(pathOf('', { scope: '', name: 'charge', occurrence: 0 })).toBe('charge');
    expect(pathOf('a/b', undefined)).toBe('a/b');
  });
});

test('a divergence is the same after it was on the wire, and one without words is one too', () => {
  const divergence = { expectedStep: 'a', foundStep: 'b', sourceLocation: 'c', build: 'd' };
  expect(shapeFaults(DivergenceWaitSchema, divergenceToProto(divergence))).toEqual([]);
  expect(divergenceFromProto(divergenceToProto(divergence))).toEqual(divergence);
  expect(divergenceFromProto(undefined)).toEqual({ expectedStep: '', foundStep: '', sourceLocation: '', build: '' });
});

test('a control says who asked, when and why', () => {
  const message = controlToProto({ kind: 'PAUSE', reason: 'r', requestedBy: 'ann', requestTime: TIME });
  expect(shapeFaults(ControlSchema, message)).toEqual([]);
  expect(toJson(ControlSchema, message)).toEqual({
    kind: 'CONTROL_KIND_PAUSE',
    reason: 'r',
    requestedBy: 'ann',
    requestTime: TIME_JSON,
  });
});

test('a parent says which step started the child and how the two depend on each other', () => {
  const message = maybeParentToProto({ runId: 'p', incarnation: INCARNATION, nodePath: 'pick', mode: 'WAIT' });
  expect(message === undefined ? ['absent'] : shapeFaults(RunParentSchema, message)).toEqual([]);
  expect(message).toMatchObject({ runId: 'p', incarnation: INCARNATION, nodePath: 'pick', mode: 1 });
  expect(maybeParentToProto(undefined)).toBeUndefined();
});
