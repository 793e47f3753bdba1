import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import { RejectionSchema } from '#gen/millrace/state/v1/rejection_pb.ts';
import { WorkRejectionSchema } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { Command } from '#libs/engine/commands/command.ts';
import { decideConflict } from '#libs/engine/decide/conflict.ts';
import type { EngineReason } from '#libs/engine/model/rejection.ts';
import { createScenario, recordCommand, type Scenario } from '#libs/engine/testing/scenario.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { foreignRejectionFromProto, foreignRejectionToProto } from './foreign-rejection.ts';
import { errorFromRejection, rejectionFromError, workRejection } from './rejection.ts';
import { shapeFaults } from './testing/shape-faults.ts';

const KEY = { runId: 'order-42' };
const control = { requestedBy: 'ann', reason: 'r' };
const cancel: Command = { kind: 'cancelRun', ...control };
const pause: Command = { kind: 'pauseRun', ...control };
const complete: Command = {
  kind: 'completeItem',
  lease: { incarnation: 'i', nodePath: '', itemSequence: 2, fence: 5n },
  stepCount: 0,
  output: undefined,
};

function ended(driver: 'SERVER' | 'CLIENT' = 'SERVER'): Scenario {
  const s = createScenario(driver);
  s.accept({ kind: 'terminateRun', ...control });
  return s;
}

/** Refusals as the engine makes them, with what their messages say. */
const REFUSALS: ReadonlyArray<readonly [EngineReason, () => Scenario, Command, string]> = [
  ['RUN_NOT_FOUND', () => createScenario('SERVER', {}, null), cancel, 'run order-42 does not exist'],
  ['CANNOT_CANCEL', ended, cancel, 'run order-42 is TERMINATED and cannot be cancelled or terminated'],
  ['CANNOT_PAUSE', ended, pause, 'run order-42 is TERMINATED and cannot be paused'],
  ['CANNOT_PAUSE', cancelling, pause, 'run order-42 is RUNNING and cancelling and cannot be paused'],
  ['NOT_PAUSED', createScenario, { kind: 'resumeRun', ...control }, 'run order-42 is PENDING, not PAUSED'],
  [
    'RUN_TERMINAL',
    ended,
    { kind: 'sendSignal', name: 'go', signalId: '', payload: undefined },
    'run order-42 has ended: it is TERMINATED',
  ],
  [
    'WRONG_DRIVER',
    createScenario,
    { kind: 'consumeSignal', name: 'go' },
    'run order-42 is driven by SERVER, the call is for the other driver',
  ],
  [
    'SEQUENCE_CONFLICT',
    () => createScenario('CLIENT'),
    { kind: 'appendEvents', events: [], expectedSequence: 5 },
    'the last event of run order-42 is 0, expected is 5',
  ],
  ['LEASE_LOST', createScenario, complete, "the lease on run order-42 is not, or no longer, the caller's"],
];

function cancelling(): Scenario {
  const s = createScenario();
  s.lease();
  s.accept(cancel);
  return s;
}

describe('a refusal of the engine', () => {
  test.each(REFUSALS)('with %s names the run and what is in the way', (reason, scenario, command, message) => {
    const rejection = scenario().refuse(command);
    const error = errorFromRejection(rejection, KEY);
    expect(error).toMatchObject({ reason, message, metadata: { ...rejection.metadata, run_id: 'order-42' } });
  });

  test('of a record that leaves some out names both counts', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease);
    const error = errorFromRejection(s.refuse(recordCommand(lease, 4)), KEY);
    expect(error.message).toBe('run order-42 has 1 step records, the worker counts 3');
  });

  test('[40] of a start names both definitions', () => {
    const existing = { incarnation: 'i', definitionHash: 'h1', status: 'RUNNING' } as const;
    const terms = { definitionHash: 'h2', policy: 'FAIL', allowNewDefinition: false } as const;
    const outcome = decideConflict(existing, terms);
    const error = outcome.kind === 'rejected' ? errorFromRejection(outcome.rejection, KEY) : undefined;
    expect(error?.message).toBe('run order-42 has definition h1, expected is h2');
    expect(error?.metadata).toEqual({ expected: 'h2', found: 'h1', run_id: 'order-42' });
  });

  test.each([
    ['ITEM_NOT_FOUND', {}, 'run order-42 has no such work item to give'],
    ['INVALID_FIELDS', { field: 'key' }, 'key breaks its rule for run order-42'],
    ['ILLEGAL_STATUS', { from: 'PENDING', to: 'PAUSED' }, 'run order-42 cannot go from PENDING to PAUSED'],
    ['RUN_EXISTS', { state: 'COMPLETED' }, 'run order-42 exists and is COMPLETED'],
    ['SIGNALS_FULL', { limit: 'signals', maximum: '10000' }, 'run order-42 buffers at most 10000 signals'],
    ['NOT_PAUSED', {}, 'run order-42 is unknown, not PAUSED'],
  ] as const)('with %s says so', (reason, metadata, message) => {
    expect(errorFromRejection({ reason, metadata }, KEY).message).toBe(message);
  });
});

describe('an error as a value', () => {
  const faults: Array<readonly [error: unknown, id: string]> = [];
  const log = (error: unknown, id: string): void => {
    faults.push([error, id]);
  };

  test('says reason, message, metadata, when to come back and which fields', () => {
    const error = new DomainError('INVALID_FIELDS', 'queue must be plain', {
      metadata: { a: 'b' },
      retryAfterMs: 1_500,
      violations: [
        { field: 'queue', description: 'must be plain' },
        { field: 'x', description: 'y', rule: 'z' },
      ],
      cause: new Error('secret'),
    });
    const message = rejectionFromError(error, log);
    expect(shapeFaults(RejectionSchema, message)).toEqual([]);
    expect(message).toMatchObject({
      reason: ErrorReason.INVALID_FIELDS,
      message: 'queue must be plain',
      metadata: { a: 'b' },
      retryDelay: { seconds: 1n, nanos: 500_000_000 },
      fields: [
        { field: 'queue', rule: '', message: 'must be plain' },
        { field: 'x', rule: 'z', message: 'y' },
      ],
    });
    expect(fromBinary(RejectionSchema, toBinary(RejectionSchema, message)).fields).toHaveLength(2);
    expect(faults).toEqual([]);
  });

  test('of a worker names the frame', () => {
    const message = workRejection(4, 9, new DomainError('STEPS_MISSING', 'm', { metadata: { expected: '3' } }), log);
    expect(shapeFaults(WorkRejectionSchema, message)).toEqual([]);
    const reason = ErrorReason.STEPS_MISSING;
    expect(message).toMatchObject({ handle: 4, ordinal: 9, reason, message: 'm', metadata: { expected: '3' } });
  });

  test('that is a fault of ours tells nothing but the id of its log entry', () => {
    const fault = new TypeError('a secret of ours');
    const message = rejectionFromError(fault, log);
    const [logged] = faults.splice(0);
    expect(logged?.[0]).toBe(fault);
    expect(message.reason).toBe(ErrorReason.INTERNAL);
    expect(message.message).toBe(`internal error ${logged?.[1]}`);
    expect(message.metadata).toEqual({ error_id: logged?.[1] });
    expect(JSON.stringify(message)).not.toContain('secret');
  });

  test('that says that stored bytes are damaged is told and logged', () => {
    const fault = new DomainError('DATA_CORRUPTION', 'the segment is damaged', { metadata: { segment: '3' } });
    const message = workRejection(4, 0, fault, log);
    const [logged] = faults.splice(0);
    expect(logged?.[0]).toBe(fault);
    expect(message).toMatchObject({ reason: ErrorReason.DATA_CORRUPTION, message: 'the segment is damaged' });
    expect(message.metadata).toEqual({ segment: '3', error_id: logged?.[1] });
  });
});

describe('what another run refused', () => {
  test('is the same after it was on the wire', () => {
    const rejection = { reason: 'RUN_EXISTS', message: 'm', metadata: { state: 'RUNNING' } };
    const message = foreignRejectionToProto(rejection);
    expect(shapeFaults(RejectionSchema, message)).toEqual([]);
    const read = fromBinary(RejectionSchema, toBinary(RejectionSchema, message));
    expect(foreignRejectionFromProto(read)).toEqual(rejection);
  });

  test('with a reason of another release still says it in words', () => {
    const message = foreignRejectionToProto({ reason: 'SOMETHING_NEW', message: 'm', metadata: {} });
    expect(message).toMatchObject({ reason: ErrorReason.UNSPECIFIED, message: 'SOMETHING_NEW: m' });
    expect(foreignRejectionFromProto(message).reason).toBe('');
  });
});
