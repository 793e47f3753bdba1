import type { Records } from './event-samples.ts';
import { FAILURE, FAILURE_JSON, LEASE, LEASE_JSON, PAYLOAD, PAYLOAD_JSON, TIME, TIME_JSON } from './samples.ts';

const taskNode = { nodePath: 'task/t' };
const itemNode = { nodePath: 'item/i' };
const position = { kind: 'signal', name: 'go', untilTime: TIME, nextTask: 't' } as const;
const positionJson = { atSignal: { name: 'go', untilTime: TIME_JSON, nextTask: 't' } };
const offer = { attempt: 2, priority: 1, tags: ['eu'], notBeforeTime: TIME, input: undefined };
const offerJson = { attempt: 2, priority: 1, tags: ['eu'], notBeforeTime: TIME_JSON };
const { taskId: _function, ...leaseJson } = LEASE_JSON;
const byAnn = { requestedBy: 'ann' };

/** One record of every kind that tells of what runtimes save and claim. */
export const CLIENT_RECORD_SAMPLES: Omit<
  Records,
  | 'runStarted'
  | 'runEnded'
  | 'controlRequested'
  | 'controlCleared'
  | 'statusChanged'
  | 'signalReceived'
  | 'signalConsumed'
  | 'attributesSet'
> = {
  snapshotSaved: {
    body: {
      kind: 'snapshotSaved',
      version: 3,
      payload: PAYLOAD,
      status: 'RUNNING',
      position,
      priority: 2,
      tags: ['eu'],
      hints: [{ taskId: 't', priority: 1, tags: ['gpu'] }],
      atSequence: 5,
      leasedPath: 'task/t',
    },
    json: {
      snapshotSaved: { version: '3', atSequence: '5', status: 'RUN_STATUS_RUNNING', position: positionJson },
    },
  },
  positionSet: {
    body: { kind: 'positionSet', position, hints: [] },
    json: { positionSet: { position: positionJson } },
  },
  taskResultSaved: {
    body: { kind: 'taskResultSaved', taskId: 't', output: PAYLOAD },
    json: { taskResultSaved: { taskId: 't', output: PAYLOAD_JSON } },
  },
  statePatched: {
    body: { kind: 'statePatched', change: 'append', key: 'k', value: PAYLOAD, stateVersion: 4 },
    json: { statePatched: { stateVersion: '4', key: 'k' } },
  },
  taskScheduled: {
    body: { kind: 'taskScheduled', ...itemNode, queue: '\u0002q', ...offer },
    json: { workOffered: { itemId: 'i', queue: 'q', ...offerJson } },
  },
  itemEnqueued: {
    body: { kind: 'itemEnqueued', ...itemNode, queue: '\u0002q', nodeId: 'n', maxAttempts: 3, ...offer },
    json: { workEnqueued: { itemId: 'i', queue: 'q', ...offerJson } },
  },
  taskLeased: {
    body: { kind: 'taskLeased', ...itemNode, lease: LEASE, attempt: 1 },
    json: { leaseGranted: { ...leaseJson, itemId: 'i' } },
  },
  taskReleased: {
    body: { kind: 'taskReleased', ...taskNode, itemSequence: 4, reason: 'forced by ann' },
    json: { leaseEnded: { taskId: 't', forced: true, reason: 'forced by ann' } },
  },
  taskCompleted: {
    body: { kind: 'taskCompleted', ...itemNode, output: PAYLOAD, attempt: 1, workerId: 'w' },
    json: { taskResultSaved: { itemId: 'i', output: PAYLOAD_JSON, workerId: 'w' } },
  },
  taskFailed: {
    body: { kind: 'taskFailed', ...taskNode, failure: FAILURE, attempt: 2, retryTime: TIME, workerId: 'w' },
    json: {
      leaseEnded: { taskId: 't', workerId: 'w', failure: FAILURE_JSON, retryTime: TIME_JSON, attempt: 2 },
    },
  },
  taskWithdrawn: { body: { kind: 'taskWithdrawn', ...taskNode }, json: { workWithdrawn: { taskId: 't' } } },
  itemDied: {
    body: { kind: 'itemDied', ...itemNode, deadLetterId: 'd', reason: 'POISON', movedBy: 'ann', failure: FAILURE },
    json: {
      workDied: {
        itemId: 'i',
        deadLetterId: 'd',
        reason: 'DEAD_LETTER_REASON_POISON',
        failure: FAILURE_JSON,
        movedBy: 'ann',
      },
    },
  },
  taskRequeued: {
    body: { kind: 'taskRequeued', ...itemNode, itemSequence: 0, ...byAnn },
    json: { workRequeued: { itemId: 'i', ...byAnn } },
  },
  deadLetterPurged: {
    body: { kind: 'deadLetterPurged', ...itemNode, ...byAnn },
    json: { workPurged: { itemId: 'i', ...byAnn } },
  },
};
