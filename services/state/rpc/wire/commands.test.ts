import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ChildStartSchema,
  LeaseExtensionSchema,
  LeaseReleaseSchema,
  ParkSchema,
  StepRecordSchema,
  WorkCompletionSchema,
  WorkFailureSchema,
} from '#gen/millrace/state/v1/work_up_pb.ts';
import { ChildMode } from '#gen/millrace/workflow/v1/child_mode_pb.ts';
import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import { failureOf } from '#libs/engine/testing/scenario.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { attributesToProto } from './attributes.ts';
import {
  childRunIdFrom,
  completeFromProto,
  extendFromProto,
  failFromProto,
  needsUpload,
  parkFromProto,
  recordStepFromProto,
  releaseFromProto,
  startChildFromProto,
} from './commands.ts';
import { ATTRIBUTES, INCARNATION } from './testing/samples.ts';

const NOW = 1_800_000_000_000;
const lease: LeaseProof = { incarnation: INCARNATION, nodePath: '', itemSequence: 2, fence: 5n };
const named = { handle: 2, ordinal: 7, name: 'charge', scope: '0/3', occurrence: 4 };
const step = { scope: '0/3', name: 'charge', occurrence: 4 };
const json = { value: { case: 'json', value: '1' } } as const;
const payload = { contentType: '', encodings: [], data: Buffer.from('1'), ref: undefined };
const reference = { value: { case: 'ref', value: { sha256: new Uint8Array(32), size: 9n } } } as const;
const upload = { value: { case: 'ref', value: { sha256: new Uint8Array(32), uploadId: 'u1' } } } as const;
const tooLate = { seconds: 2n ** 60n };

type RecordInit = MessageInitShape<typeof StepRecordSchema>['record'];

function recordOf(record: RecordInit): ReturnType<typeof recordStepFromProto>['record'] {
  const message = create(StepRecordSchema, { ...named, ...(record === undefined ? {} : { record }) });
  return recordStepFromProto(message, lease, NOW).record;
}

describe('a step record', () => {
  test('is of a step, with its ordinal and attempt, and the first attempt need not be said', () => {
    const message = create(StepRecordSchema, { ...named, attempt: 3, record: { case: 'result', value: json } });
    const command = { kind: 'recordStep', lease, ordinal: 7, step, record: { kind: 'result', result: payload } };
    expect(recordStepFromProto(message, lease, NOW)).toEqual({ ...command, attempt: 3 });
    expect(recordStepFromProto({ ...message, attempt: 0 }, lease, NOW)).toEqual({ ...command, attempt: 1 });
  });

  test('may hold a value, a key of the state document or attributes', () => {
    expect(recordOf({ case: 'value', value: json })).toEqual({ kind: 'value', value: payload });
    expect(recordOf({ case: 'set', value: { key: 'k', value: json } })).toEqual({
      kind: 'set',
      key: 'k',
      value: payload,
    });
    expect(recordOf({ case: 'set', value: { key: 'k' } })).toEqual({ kind: 'set', key: 'k', value: undefined });
    const attributes = attributesToProto(Object.entries(ATTRIBUTES));
    expect(recordOf({ case: 'attributes', value: { attributes, remove: ['z'] } })).toEqual({
      kind: 'attributes',
      attributes: ATTRIBUTES,
      removed: ['z'],
    });
  });

  test('of a begin says how long the attempt may take and be silent', () => {
    const limits = { timeout: durationFromMs(1_500), heartbeatTimeout: durationFromMs(200) };
    const begin = { kind: 'begin', timeoutMs: 1_500, heartbeatTimeoutMs: 200 };
    expect(recordOf({ case: 'begin', value: limits })).toEqual(begin);
    const unlimited = { kind: 'begin', timeoutMs: undefined, heartbeatTimeoutMs: undefined };
    expect(recordOf({ case: 'begin', value: {} })).toEqual(unlimited);
  });

  test.each([
    ['after a delay that counts from the run’s time', { retryDelay: { nanos: 1 } }, NOW + 1],
    ['after the delay when there is a time too', { retryDelay: {}, retryTime: { seconds: 9n } }, NOW],
    ['at a time', { retryTime: { seconds: 9n, nanos: 1 } }, 9_001],
    ['at once for a time before all times', { retryTime: { seconds: -9n } }, 0],
    ['never', {}, undefined],
  ])('of a failure is tried again %s', (_, change, retryTime) => {
    const value = { failure: { type: 'E', message: 'it broke' }, ...change };
    expect(recordOf({ case: 'failed', value })).toEqual({ kind: 'failed', failure: failureOf('E'), retryTime });
  });

  test.each<readonly [RecordInit, string]>([
    [undefined, 'record'],
    [{ case: 'failed', value: {} }, 'failed.failure'],
    [{ case: 'failed', value: { failure: {}, retryTime: tooLate } }, 'failed.retry_time'],
    [{ case: 'failed', value: { failure: { details: upload } } }, 'failed.failure.details.ref.upload_id'],
    [{ case: 'result', value: upload }, 'result.ref.upload_id'],
    [{ case: 'value', value: upload }, 'value.ref.upload_id'],
    [{ case: 'set', value: { key: 'k', value: upload } }, 'set.value.ref.upload_id'],
    [{ case: 'attributes', value: { attributes: { a: {} } } }, 'attributes.attributes["a"]'],
  ])('that cannot be one is refused by its path', (record, field) => {
    const refusal = { reason: 'INVALID_FIELDS', violations: [expect.objectContaining({ field })] };
    expect(() => recordOf(record)).toThrow(expect.objectContaining(refusal) as Error);
  });

  test.each<readonly [RecordInit, boolean]>([
    [{ case: 'result', value: json }, false],
    [{ case: 'result', value: reference }, true],
    [{ case: 'value', value: upload }, true],
    [{ case: 'set', value: { key: 'k' } }, false],
    [{ case: 'set', value: { key: 'k', value: reference } }, true],
    [{ case: 'failed', value: { failure: {} } }, false],
    [{ case: 'failed', value: { failure: { details: reference } } }, true],
    [{ case: 'begin', value: {} }, false],
    [{ case: 'attributes', value: {} }, false],
  ])('needs an upload when a payload of it is a reference: %o', (record, isNeeded) => {
    const message = create(StepRecordSchema, { ...named, ...(record === undefined ? {} : { record }) });
    expect(needsUpload(message)).toBe(isNeeded);
  });
});

describe('a wait of a function', () => {
  test.each<readonly [MessageInitShape<typeof ParkSchema>['wait'], object]>([
    [
      { case: 'timer', value: { due: { case: 'delay', value: durationFromMs(1_500) } } },
      { kind: 'timer', dueTime: NOW + 1_500 },
    ],
    [
      { case: 'timer', value: { due: { case: 'dueTime', value: { seconds: 9n } } } },
      { kind: 'timer', dueTime: 9_000 },
    ],
    [
      { case: 'timer', value: { due: { case: 'dueTime', value: { seconds: -9n } } } },
      { kind: 'timer', dueTime: 0 },
    ],
    [
      { case: 'signal', value: { name: 'go', timeout: durationFromMs(0) } },
      { kind: 'signal', name: 'go', timeoutMs: 0 },
    ],
    [
      { case: 'signal', value: { name: 'go' } },
      { kind: 'signal', name: 'go', timeoutMs: undefined },
    ],
    [
      { case: 'child', value: { runId: 'c' } },
      { kind: 'child', runId: 'c' },
    ],
  ])('says what for: %o', (wait, expected) => {
    const message = create(ParkSchema, { ...named, ...(wait === undefined ? {} : { wait }) });
    expect(parkFromProto(message, lease, NOW)).toEqual({
      kind: 'parkFunction',
      lease,
      ordinal: 7,
      step,
      wait: expected,
    });
  });

  test.each<readonly [MessageInitShape<typeof ParkSchema>, string]>([
    [{}, 'wait'],
    [{ wait: { case: 'timer', value: {} } }, 'timer.due'],
    [{ wait: { case: 'timer', value: { due: { case: 'dueTime', value: tooLate } } } }, 'timer.due_time'],
    [{ wait: { case: 'signal', value: { name: 'a\n' } } }, 'signal.name'],
    [{ wait: { case: 'child', value: { runId: 'a\u0000' } } }, 'child.run_id'],
    [{ name: 'a\nb', wait: { case: 'child', value: { runId: 'c' } } }, 'name'],
  ])('that cannot be one is refused by its path', (init, field) => {
    const refusal = { reason: 'INVALID_FIELDS', violations: [expect.objectContaining({ field })] };
    const message = create(ParkSchema, init);
    expect(() => parkFromProto(message, lease, NOW)).toThrow(expect.objectContaining(refusal) as Error);
  });
});

describe('a child of a function', () => {
  const child = { ...named, workflow: 'pick' };

  test('has what its frame says', () => {
    const message = create(ChildStartSchema, {
      ...child,
      version: '2',
      runId: 'c',
      input: json,
      mode: ChildMode.DETACH,
      priority: 1,
      tags: ['gpu', 'eu', 'gpu'],
      attributes: attributesToProto(Object.entries(ATTRIBUTES)),
      runTimeout: durationFromMs(1_500),
      queue: 'q',
    });
    expect(startChildFromProto(message, lease, 5)).toEqual({
      kind: 'startChild',
      lease,
      ordinal: 7,
      step,
      runId: 'c',
      workflow: 'pick',
      version: '2',
      mode: 'DETACH',
      input: payload,
      options: { priority: 1, tags: ['eu', 'gpu'], attributes: ATTRIBUTES, runTimeoutMs: 1_500, queue: 'q' },
    });
  });

  test('of which little is said is waited for, and has its parent’s priority and a derived id', () => {
    const command = startChildFromProto(create(ChildStartSchema, child), lease, 5);
    expect(command).toMatchObject({
      runId: childRunIdFrom(lease, step),
      version: '',
      mode: 'WAIT',
      input: undefined,
      options: { priority: 5, tags: [], attributes: {}, runTimeoutMs: undefined, queue: '' },
    });
    expect(command.runId).toMatch(/^charge-[0-9a-f]{32}$/);
  });

  test('has a derived id that only its parent’s incarnation, path and occurrence make', () => {
    const text = fc.stringMatching(/^[a-c/]{0,3}$/);
    const key = fc.record({ incarnation: text, nodePath: text, scope: text, name: text, occurrence: fc.nat(3) });
    const idOf = ({ incarnation, nodePath, ...id }: typeof key extends fc.Arbitrary<infer K> ? K : never): string =>
      childRunIdFrom({ ...lease, incarnation, nodePath }, id);
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(idOf(a) === idOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 1_000 },
    );
    expect(childRunIdFrom({ ...lease, fence: 9n, itemSequence: 8 }, step)).toBe(childRunIdFrom(lease, step));
    expect(childRunIdFrom(lease, { ...step, name: '' })).toMatch(/^child-/);
    const longest = childRunIdFrom(lease, { ...step, name: 'ü'.repeat(64) });
    expect(Buffer.byteLength(longest)).toBeLessThanOrEqual(256);
  });

  test.each([
    [{ runId: 'a\n' }, 'run_id'],
    [{ workflow: 'a\n' }, 'workflow'],
    [{ version: 'a\n' }, 'version'],
    [{ queue: 'a\n' }, 'queue'],
    [{ tags: ['a', 'a\n'] }, 'tags[1]'],
    [{ scope: 'a\n' }, 'scope'],
  ])('with a name that is not plain is refused by its path', (change, field) => {
    const refusal = { reason: 'INVALID_FIELDS', violations: [expect.objectContaining({ field })] };
    const message = create(ChildStartSchema, { ...child, ...change });
    expect(() => startChildFromProto(message, lease, 3)).toThrow(expect.objectContaining(refusal) as Error);
  });
});

describe('the end of a hold', () => {
  test('by success has an output and the count of step records', () => {
    const message = create(WorkCompletionSchema, { handle: 2, stepCount: 3, output: json });
    expect(completeFromProto(message, lease)).toEqual({ kind: 'completeItem', lease, stepCount: 3, output: payload });
    expect(completeFromProto(create(WorkCompletionSchema, {}), lease).output).toBeUndefined();
  });

  test('by failure says why, when to try again, and whether it diverged', () => {
    const failure = { type: 'E', message: 'it broke' };
    const message = create(WorkFailureSchema, { handle: 2, stepCount: 3, failure, retryAfter: durationFromMs(5) });
    const command = {
      kind: 'failItem',
      lease,
      stepCount: 3,
      failure: failureOf('E'),
      retryAfterMs: 5,
      divergence: undefined,
      random: 0.5,
    };
    expect(failFromProto(message, lease, 0.5)).toEqual(command);
    const divergence = { expectedStep: 'a', foundStep: 'b', sourceLocation: 'c', build: 'd' };
    const diverged = create(WorkFailureSchema, { failure, diverged: true, divergence });
    expect(failFromProto(diverged, lease, 0)).toMatchObject({ divergence, retryAfterMs: undefined });
    const silent = create(WorkFailureSchema, { failure, diverged: true });
    expect(failFromProto(silent, lease, 0).divergence).toMatchObject({ build: '' });
    const unmeant = create(WorkFailureSchema, { failure, divergence });
    expect(failFromProto(unmeant, lease, 0).divergence).toBeUndefined();
    expect(() => failFromProto(create(WorkFailureSchema, {}), lease, 0)).toThrow(DomainError);
  });

  test('by a return says why and until when, or nothing', () => {
    const message = create(LeaseReleaseSchema, { handle: 2, retryAfter: durationFromMs(5), reason: 'slow' });
    const command = { kind: 'releaseItem', lease, retryAfterMs: 5, reason: 'slow' };
    expect(releaseFromProto(message, lease)).toEqual(command);
    expect(releaseFromProto(undefined, lease)).toEqual({ ...command, retryAfterMs: undefined, reason: '' });
    expect(releaseFromProto(create(LeaseReleaseSchema, { unstarted: true }), lease).reason).toBe('unstarted');
  });

  test('may be put off for a time, or by heartbeats', () => {
    const message = create(LeaseExtensionSchema, { handle: 2, ttl: durationFromMs(5_000) });
    expect(extendFromProto(message, lease)).toEqual({ kind: 'extendLease', lease, ttlMs: 5_000 });
    expect(extendFromProto(create(LeaseExtensionSchema, {}), lease).ttlMs).toBeUndefined();
  });
});
