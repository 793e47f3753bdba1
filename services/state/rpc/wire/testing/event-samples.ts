import type { JsonObject } from '@bufbuild/protobuf';
import type { SystemRecord } from '#libs/engine/events/client-events.ts';
import type { EventBody, EventKind } from '#libs/engine/events/event.ts';
import { CLIENT_RECORD_SAMPLES } from './client-record-samples.ts';
import {
  ATTRIBUTES,
  ATTRIBUTES_JSON,
  FAILURE,
  FAILURE_JSON,
  INCARNATION,
  LEASE,
  LEASE_JSON,
  PAYLOAD,
  PAYLOAD_JSON,
  STEP,
  STEP_JSON,
  TIME,
  TIME_JSON,
} from './samples.ts';

/** An event with every field set, and the JSON of its kind's message. */
export interface EventSample<Body> {
  readonly body: Body;
  readonly json: JsonObject;
}

type Samples = { readonly [Kind in EventKind]: EventSample<Extract<EventBody, { readonly kind: Kind }>> };
/** The samples of system records by kind. */
export type Records = {
  readonly [Kind in SystemRecord['kind']]: EventSample<Extract<SystemRecord, { readonly kind: Kind }>>;
};

/** The number of every sample. */
export const SEQUENCE: number = 7;

const node = { nodePath: 'a/b' };
const at = { ...node, step: STEP };
const atJson = { ...node, step: STEP_JSON };
const tried = { attempt: 2, ordinal: 9 };

/** One event of every kind. */
export const EVENT_SAMPLES: Samples = {
  stepRecorded: {
    body: { kind: 'stepRecorded', step: STEP, result: PAYLOAD, ...tried },
    json: { step: STEP_JSON, result: PAYLOAD_JSON, ...tried },
  },
  stepBegun: {
    body: { kind: 'stepBegun', step: STEP, deadlineTime: TIME, heartbeatTimeoutMs: 1_500, ...tried },
    json: { step: STEP_JSON, deadlineTime: TIME_JSON, heartbeatTimeout: '1.500s', ...tried },
  },
  stepFailed: {
    body: { kind: 'stepFailed', step: STEP, failure: FAILURE, retryTime: TIME, timedOut: true, ...tried },
    json: { step: STEP_JSON, failure: FAILURE_JSON, retryTime: TIME_JSON, timedOut: true, ...tried },
  },
  valueRecorded: {
    body: { kind: 'valueRecorded', step: STEP, value: PAYLOAD, ordinal: 3 },
    json: { step: STEP_JSON, value: PAYLOAD_JSON, ordinal: 3 },
  },
  signalConsumed: {
    body: { kind: 'signalConsumed', ...at, name: 'go', payload: PAYLOAD, receivedSequence: 5 },
    json: { ...atJson, name: 'go', payload: PAYLOAD_JSON, receivedSequence: '5' },
  },
  timerFired: {
    body: { kind: 'timerFired', ...at, startedSequence: 70_000 },
    json: { ...atJson, startedSequence: '70000' },
  },
  childEnded: {
    body: {
      kind: 'childEnded',
      scheduledSequence: 4,
      runId: 'c',
      status: 'FAILED',
      output: PAYLOAD,
      failure: FAILURE,
    },
    json: {
      scheduledSequence: '4',
      runId: 'c',
      status: 'RUN_STATUS_FAILED',
      output: PAYLOAD_JSON,
      failure: FAILURE_JSON,
    },
  },
  taskScheduled: {
    body: {
      kind: 'taskScheduled',
      ...node,
      attempt: 1,
      input: PAYLOAD,
      queue: 'q',
      priority: 5,
      tags: ['eu', 'gpu'],
      notBeforeTime: TIME,
    },
    json: {
      ...node,
      itemId: `${INCARNATION}.${SEQUENCE}`,
      attempt: 1,
      input: PAYLOAD_JSON,
      queue: 'q',
      priority: 5,
      tags: ['eu', 'gpu'],
      notBeforeTime: TIME_JSON,
    },
  },
  taskLeased: {
    body: { kind: 'taskLeased', ...node, lease: LEASE, attempt: 1 },
    json: { ...node, lease: LEASE_JSON, attempt: 1 },
  },
  taskCompleted: {
    body: { kind: 'taskCompleted', ...node, output: PAYLOAD, attempt: 1, workerId: 'w7' },
    json: { ...node, output: PAYLOAD_JSON, attempt: 1, workerId: 'w7' },
  },
  taskFailed: {
    body: { kind: 'taskFailed', ...node, failure: FAILURE, attempt: 1, retryTime: TIME, workerId: 'w7' },
    json: { ...node, failure: FAILURE_JSON, attempt: 1, retryTime: TIME_JSON, workerId: 'w7' },
  },
  clientEvent: {
    body: { kind: 'clientEvent', type: 'did', data: PAYLOAD, sourceTime: TIME, metadata: { k: 'v' } },
    json: { type: 'did', data: PAYLOAD_JSON, sourceTime: TIME_JSON, metadata: { k: 'v' } },
  },
  stateSet: {
    body: { kind: 'stateSet', key: 'k', value: PAYLOAD, step: STEP, ordinal: 1 },
    json: { key: 'k', value: PAYLOAD_JSON, step: STEP_JSON, ordinal: 1 },
  },
  runStarted: {
    body: {
      kind: 'runStarted',
      workflow: 'order',
      version: '2',
      definitionHash: 'h1',
      input: PAYLOAD,
      priority: 3,
      tags: ['eu'],
      attributes: ATTRIBUTES,
      parent: { runId: 'p', incarnation: INCARNATION, nodePath: 'pick', mode: 'CANCEL_WITH_PARENT' },
      runTimeoutMs: 60_500,
      requestedBy: 'ann',
      replacedIncarnation: INCARNATION,
      queue: 'default',
    },
    json: {
      workflow: 'order',
      version: '2',
      definitionHash: 'h1',
      input: PAYLOAD_JSON,
      priority: 3,
      tags: ['eu'],
      attributes: ATTRIBUTES_JSON,
      parent: { runId: 'p', incarnation: INCARNATION, nodePath: 'pick', mode: 'CHILD_MODE_CANCEL_WITH_PARENT' },
      runTimeout: '60.500s',
      requestedBy: 'ann',
      replacedIncarnation: INCARNATION,
      queue: 'default',
    },
  },
  runEnded: {
    body: {
      kind: 'runEnded',
      status: 'CANCELLED',
      output: PAYLOAD,
      failure: FAILURE,
      requestedBy: 'ann',
      reason: 'r',
      interruptedAt: 't',
    },
    json: {
      status: 'RUN_STATUS_CANCELLED',
      output: PAYLOAD_JSON,
      failure: FAILURE_JSON,
      requestedBy: 'ann',
      reason: 'r',
      interruptedAt: 't',
    },
  },
  runPaused: {
    body: { kind: 'runPaused', requestedBy: 'ann', reason: 'r' },
    json: { requestedBy: 'ann', reason: 'r' },
  },
  runResumed: { body: { kind: 'runResumed', requestedBy: 'ann' }, json: { requestedBy: 'ann' } },
  controlRequested: {
    body: {
      kind: 'controlRequested',
      control: { kind: 'CANCEL', reason: 'r', requestedBy: 'ann', requestTime: TIME },
    },
    json: {
      control: { kind: 'CONTROL_KIND_CANCEL', reason: 'r', requestedBy: 'ann', requestTime: TIME_JSON },
    },
  },
  controlCleared: { body: { kind: 'controlCleared', control: 'PAUSE' }, json: { kind: 'CONTROL_KIND_PAUSE' } },
  cleanupStarted: { body: { kind: 'cleanupStarted', deadlineTime: TIME }, json: { deadlineTime: TIME_JSON } },
  attributesSet: {
    body: { kind: 'attributesSet', attributes: ATTRIBUTES, removed: ['z'], step: STEP, ordinal: 4 },
    json: { attributes: ATTRIBUTES_JSON, removed: ['z'], step: STEP_JSON, ordinal: 4 },
  },
  runDiverged: {
    body: {
      kind: 'runDiverged',
      divergence: { expectedStep: 'a', foundStep: 'b', sourceLocation: 'c', build: 'd' },
    },
    json: { divergence: { expectedStep: 'a', foundStep: 'b', sourceLocation: 'c', build: 'd' } },
  },
  taskReleased: {
    body: { kind: 'taskReleased', ...node, itemSequence: 2, reason: 'drain' },
    json: { ...node, itemId: `${INCARNATION}.2`, reason: 'drain' },
  },
  taskSkipped: {
    body: { kind: 'taskSkipped', ...node, reason: 'RACE_LOST' },
    json: { ...node, reason: 'SKIP_REASON_RACE_LOST' },
  },
  taskDeadLettered: {
    body: { kind: 'taskDeadLettered', ...node, deadLetterId: 'd', failure: FAILURE },
    json: { ...node, deadLetterId: 'd', failure: FAILURE_JSON },
  },
  taskRequeued: {
    body: { kind: 'taskRequeued', ...node, itemSequence: 9, requestedBy: 'ann' },
    json: { ...node, itemId: `${INCARNATION}.9`, requestedBy: 'ann' },
  },
  edgeEvaluated: {
    body: { kind: 'edgeEvaluated', ...node, taken: ['x'], key: 'k', error: 'e' },
    json: { ...node, taken: ['x'], key: 'k', error: 'e' },
  },
  loopIterated: {
    body: { kind: 'loopIterated', ...node, iteration: 4, output: PAYLOAD, again: true },
    json: { ...node, iteration: 4, output: PAYLOAD_JSON, again: true },
  },
  raceWon: { body: { kind: 'raceWon', ...node, winner: 'x' }, json: { ...node, winner: 'x' } },
  compensationStarted: {
    body: { kind: 'compensationStarted', ...node, targetNode: 'x' },
    json: { ...node, targetNode: 'x' },
  },
  timerStarted: {
    body: { kind: 'timerStarted', ...at, dueTime: TIME, ordinal: 1 },
    json: { ...atJson, dueTime: TIME_JSON, ordinal: 1 },
  },
  timerWithdrawn: { body: { kind: 'timerWithdrawn', startedSequence: 4 }, json: { startedSequence: '4' } },
  signalWaitStarted: {
    body: { kind: 'signalWaitStarted', ...at, name: 'go', untilTime: TIME, ordinal: 1 },
    json: { ...atJson, name: 'go', untilTime: TIME_JSON, ordinal: 1 },
  },
  signalReceived: {
    body: { kind: 'signalReceived', signal: { name: 'go', signalId: 'g1', payload: PAYLOAD, sendTime: TIME } },
    json: { signal: { name: 'go', signalId: 'g1', payload: PAYLOAD_JSON, sendTime: TIME_JSON } },
  },
  signalWaitTimedOut: {
    body: { kind: 'signalWaitTimedOut', ...at, name: 'go', startedSequence: 4 },
    json: { ...atJson, name: 'go', startedSequence: '4' },
  },
  childScheduled: {
    body: {
      kind: 'childScheduled',
      ...at,
      runId: 'c',
      workflow: 'pick',
      version: '1',
      mode: 'DETACH',
      input: PAYLOAD,
      ordinal: 1,
      options: { priority: 1, tags: ['eu'], attributes: ATTRIBUTES, runTimeoutMs: 1_001, queue: 'q' },
    },
    json: {
      ...atJson,
      runId: 'c',
      workflow: 'pick',
      version: '1',
      mode: 'CHILD_MODE_DETACH',
      input: PAYLOAD_JSON,
      ordinal: 1,
      priority: 1,
      tags: ['eu'],
      attributes: ATTRIBUTES_JSON,
      runTimeout: '1.001s',
      queue: 'q',
    },
  },
  childStarted: {
    body: { kind: 'childStarted', scheduledSequence: 4, runId: 'c', incarnation: INCARNATION, version: '1' },
    json: { scheduledSequence: '4', runId: 'c', incarnation: INCARNATION, version: '1' },
  },
  childRejected: {
    body: {
      kind: 'childRejected',
      scheduledSequence: 4,
      runId: 'c',
      rejection: { reason: 'RUN_EXISTS', message: 'm', metadata: { state: 'RUNNING' } },
    },
    json: {
      scheduledSequence: '4',
      runId: 'c',
      rejection: { reason: 'ERROR_REASON_RUN_EXISTS', message: 'm', metadata: { state: 'RUNNING' } },
    },
  },
  waitWithdrawn: { body: { kind: 'waitWithdrawn', startedSequence: 4 }, json: { startedSequence: '4' } },
  childWaitStarted: {
    body: { kind: 'childWaitStarted', ...at, runId: 'c', ordinal: 1 },
    json: { ...atJson, runId: 'c', ordinal: 1 },
  },
  systemRecord: {
    body: { kind: 'systemRecord', record: { kind: 'controlCleared', control: 'PAUSE' } },
    json: { controlCleared: { kind: 'CONTROL_KIND_PAUSE' } },
  },
};

const { runStarted, runEnded, controlRequested, controlCleared, signalReceived, signalConsumed, attributesSet } =
  EVENT_SAMPLES;

/** One system record of every kind; their JSON is within the member that the wire has for them. */
export const RECORD_SAMPLES: Records = {
  runStarted: { ...runStarted, json: { started: runStarted.json } },
  controlRequested: { ...controlRequested, json: { controlRequested: controlRequested.json } },
  controlCleared: { ...controlCleared, json: { controlCleared: controlCleared.json } },
  statusChanged: {
    body: { kind: 'statusChanged', fromStatus: 'RUNNING', toStatus: 'PAUSED', reason: 'r' },
    json: { statusChanged: { fromStatus: 'RUN_STATUS_RUNNING', toStatus: 'RUN_STATUS_PAUSED', reason: 'r' } },
  },
  signalReceived: { ...signalReceived, json: { signalReceived: signalReceived.json } },
  signalConsumed: { ...signalConsumed, json: { signalConsumed: signalConsumed.json } },
  runEnded: { ...runEnded, json: { ended: runEnded.json } },
  attributesSet: { ...attributesSet, json: { attributesSet: attributesSet.json } },
  ...CLIENT_RECORD_SAMPLES,
};
