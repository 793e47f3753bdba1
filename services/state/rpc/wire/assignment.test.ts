import { type DescMessage, fromBinary, type MessageShape, toBinary, toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import {
  AssignmentSchema,
  CancelNoticeSchema,
  HistoryChunkSchema,
  StepAckSchema,
  WakeSchema,
} from '#gen/millrace/state/v1/work_down_pb.ts';
import { createScenario } from '#libs/engine/testing/scenario.ts';
import type { AssignmentFacts } from '#libs/partition/dispatch/held-lease.ts';
import {
  abortToProto,
  ackToProto,
  assignmentToProto,
  historyToProto,
  noticeToProto,
  wakeToProto,
} from './assignment.ts';
import { INCARNATION, PAYLOAD, PAYLOAD_JSON, STEP, STEP_JSON, TIME, TIME_JSON } from './testing/samples.ts';
import { shapeFaults } from './testing/shape-faults.ts';

const held = {
  key: { tenantId: 'default', runId: 'order-42' },
  proof: { incarnation: INCARNATION, nodePath: '', itemSequence: 2, fence: 5n },
};

const facts: AssignmentFacts = {
  workflow: 'order',
  version: '2',
  definitionHash: 'h1',
  input: PAYLOAD,
  attempt: 3,
  lastSequence: 9,
  stepCount: 4,
  history: [],
  hasMoreHistory: true,
  queue: 'gpu',
  priority: 1,
  tags: ['eu'],
  cancelling: true,
  cleanupDeadlineTime: TIME,
  runDeadlineTime: TIME,
  scheduleTime: TIME,
  traceparent: '00-1-2-03',
};

/** The JSON of a frame, which has the shape of its type and can be read again. */
function told<Desc extends DescMessage>(desc: Desc, message: MessageShape<Desc>): unknown {
  expect(shapeFaults(desc, message)).toEqual([]);
  const json = toJson(desc, message);
  expect(toJson(desc, fromBinary(desc, toBinary(desc, message)))).toEqual(json);
  return json;
}

describe('an assignment', () => {
  test('says everything that is known of the item and its run', () => {
    expect(told(AssignmentSchema, assignmentToProto(4, held, facts))).toEqual({
      handle: 4,
      kind: 'WORK_KIND_FUNCTION',
      runId: 'order-42',
      incarnation: INCARNATION,
      workflow: 'order',
      version: '2',
      input: PAYLOAD_JSON,
      attempt: 3,
      fence: '5',
      lastSequence: '9',
      stepCount: 4,
      itemId: `${INCARNATION}.2`,
      queue: 'gpu',
      definitionHash: 'h1',
      priority: 1,
      tags: ['eu'],
      cancelling: true,
      cleanupDeadlineTime: TIME_JSON,
      traceparent: '00-1-2-03',
      scheduleTime: TIME_JSON,
      historyTruncated: true,
      runDeadlineTime: TIME_JSON,
    });
  });

  test('without deadlines leaves them out, and one of a node says which', () => {
    const open = { ...facts, cleanupDeadlineTime: Infinity, runDeadlineTime: Infinity };
    const node = { ...held, proof: { ...held.proof, nodePath: 'a/b' } };
    const message = assignmentToProto(4, node, open);
    expect(told(AssignmentSchema, message)).toMatchObject({ kind: 'WORK_KIND_TASK', nodePath: 'a/b' });
    const none = { lastSequence: 0n, cleanupDeadlineTime: undefined, runDeadlineTime: undefined };
    expect(message).toMatchObject(none);
  });

  test('carries the history that code has to hear of again', () => {
    const s = createScenario();
    s.step(s.lease());
    const message = assignmentToProto(4, held, { ...facts, history: s.log });
    expect(told(AssignmentSchema, message)).toMatchObject({
      history: [
        { sequence: '1', runStarted: { workflow: 'order' } },
        { sequence: '2', taskScheduled: { itemId: `${INCARNATION}.2` } },
        { sequence: '3', taskLeased: { lease: { runId: 'order-42' } } },
        { sequence: '4', stepRecorded: { ordinal: 1 } },
      ],
    });
  });
});

describe('a worker is told', () => {
  test.each([
    [
      { kind: 'cancel', deadlineTime: TIME, reason: 'r' },
      { kind: 'CANCEL_KIND_CANCEL', deadlineTime: TIME_JSON, reason: 'r' },
    ],
    [
      { kind: 'pause', reason: 'r' },
      { kind: 'CANCEL_KIND_PAUSE', reason: 'r' },
    ],
    [
      { kind: 'stepTimeout', step: STEP },
      { kind: 'CANCEL_KIND_STEP_TIMEOUT', step: STEP_JSON },
    ],
  ] as const)('of a $kind', (notice, json) => {
    expect(told(CancelNoticeSchema, noticeToProto(4, notice))).toEqual({ handle: 4, ...json });
  });

  test('that its hold is over', () => {
    const json = { handle: 4, kind: 'CANCEL_KIND_ABORT', reason: 'r' };
    expect(told(CancelNoticeSchema, abortToProto(4, 'r'))).toEqual(json);
  });

  test('what is durable, what came for its run, and what it asked for', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'timer', dueTime: s.now + 1_000 });
    s.pass(1_000);
    const fired = [s.lastOf('timerFired')];
    const { sequence } = s.lastOf('timerFired');
    const events = [{ sequence: String(sequence), timerFired: { startedSequence: String(sequence - 1) } }];
    const wake = { handle: 4, lastSequence: '9', events };
    expect(told(WakeSchema, wakeToProto(4, held, fired, 9))).toMatchObject(wake);
    const chunk = { handle: 4, events, last: true };
    expect(told(HistoryChunkSchema, historyToProto(4, held, fired, true))).toMatchObject(chunk);
    const ack = { handle: 4, ordinal: 1, lastSequence: '9', settled: true };
    expect(told(StepAckSchema, ackToProto(4, 1, 9, true))).toEqual(ack);
  });
});
