import type { SystemRecord } from '../events/client-events.ts';
import type { EventBody, EventKind } from '../events/event.ts';
import type { SkipReason } from '../events/task-events.ts';
import type { ChildOptions } from '../events/wait-events.ts';
import { LogError } from '../model/log-error.ts';
import { readVarint } from './byte-reader.ts';
import { writeVarint } from './byte-writer.ts';
import { CLIENT_RECORDS } from './client-record-kinds.ts';
import { type Codec, flag, id, list, object, optional, record, signed, text, varint, word } from './codec.ts';
import { type Body, type KindCodec, kind, TASK_FIELDS } from './kind-codec.ts';
import {
  attribute,
  childMode,
  control,
  controlKind,
  divergence,
  failure,
  parent,
  payload,
  rejection,
  signal,
  status,
  step,
  terminalStatus,
} from './value-codecs.ts';

const tags = list(text);
const time = varint;
const maybeStep = optional(step);
const attributes = record(attribute);
const options: Codec<ChildOptions> = object({
  priority: varint,
  tags,
  attributes,
  runTimeoutMs: optional(varint),
  queue: text,
});

const controlRequested = kind<Body<EventBody, 'controlRequested'>>(20, { control });
const controlCleared = kind<Body<EventBody, 'controlCleared'>>(21, { control: controlKind });
const signalReceived = kind<Body<EventBody, 'signalReceived'>>(36, { signal });
const signalConsumed = kind<Body<EventBody, 'signalConsumed'>>(7, {
  nodePath: text,
  step: maybeStep,
  name: text,
  payload,
  receivedSequence: varint,
});
const attributesSet = kind<Body<EventBody, 'attributesSet'>>(23, {
  attributes,
  removed: tags,
  step: maybeStep,
  ordinal: varint,
});
const runStarted = kind<Body<EventBody, 'runStarted'>>(16, {
  workflow: text,
  version: text,
  definitionHash: text,
  input: payload,
  priority: varint,
  tags,
  attributes,
  parent: optional(parent),
  runTimeoutMs: optional(varint),
  requestedBy: text,
  replacedIncarnation: id,
  queue: text,
});
const runEnded = kind<Body<EventBody, 'runEnded'>>(17, {
  status: terminalStatus,
  output: payload,
  failure: optional(failure),
  requestedBy: text,
  reason: text,
  interruptedAt: text,
});

/** The records of CLIENT runs by their number in the wire's oneof. */
const RECORDS: { readonly [Kind in SystemRecord['kind']]: KindCodec<Body<SystemRecord, Kind>> } = {
  runStarted: { ...runStarted, number: 1 },
  controlRequested: { ...controlRequested, number: 7 },
  controlCleared: { ...controlCleared, number: 8 },
  statusChanged: kind(9, { fromStatus: status, toStatus: status, reason: text }),
  signalReceived: { ...signalReceived, number: 10 },
  signalConsumed: { ...signalConsumed, number: 11 },
  runEnded: { ...runEnded, number: 13 },
  attributesSet: { ...attributesSet, number: 14 },
  ...CLIENT_RECORDS,
};

const recordKinds = new Map(Object.entries(RECORDS).map(([name, { number }]) => [number, name]));

const systemRecord: Codec<SystemRecord> = {
  write(writer, value) {
    const codec = RECORDS[value.kind] as KindCodec<object>;
    writeVarint(writer, codec.number);
    codec.fields.write(writer, value);
  },
  read(reader) {
    const number = readVarint(reader);
    const name = recordKinds.get(number) as SystemRecord['kind'] | undefined;
    if (name === undefined) throw new LogError('UNKNOWN_KIND', `system records of kind ${number} are not known`);
    return { kind: name, ...(RECORDS[name] as KindCodec<object>).fields.read(reader) } as SystemRecord;
  },
};

/**
 * Every kind of event, with the number that it has on the wire. Total: a kind without an entry does not compile. Fields
 * are never taken out or moved; new ones come last, behind what an older release reads.
 */
export const EVENT_KINDS: { readonly [Kind in EventKind]: KindCodec<Body<EventBody, Kind>> } = {
  stepRecorded: kind(3, { step, result: payload, attempt: varint, ordinal: varint }),
  stepBegun: kind(4, {
    step,
    attempt: varint,
    deadlineTime: optional(time),
    heartbeatTimeoutMs: optional(varint),
    ordinal: varint,
  }),
  stepFailed: kind(5, {
    step,
    failure,
    attempt: varint,
    retryTime: optional(time),
    ordinal: varint,
    timedOut: flag,
  }),
  valueRecorded: kind(6, { step, value: payload, ordinal: varint }),
  signalConsumed,
  timerFired: kind(8, { nodePath: text, step: maybeStep, startedSequence: varint }),
  childEnded: kind(9, {
    scheduledSequence: varint,
    runId: text,
    status: terminalStatus,
    output: payload,
    failure: optional(failure),
  }),
  taskScheduled: kind(10, TASK_FIELDS.taskScheduled),
  taskLeased: kind(11, TASK_FIELDS.taskLeased),
  taskCompleted: kind(12, TASK_FIELDS.taskCompleted),
  taskFailed: kind(13, TASK_FIELDS.taskFailed),
  clientEvent: kind(14, { type: text, data: payload, sourceTime: optional(signed), metadata: record(text) }),
  stateSet: kind(15, { key: text, value: payload, step: maybeStep, ordinal: varint }),
  runStarted,
  runEnded,
  runPaused: kind(18, { requestedBy: text, reason: text }),
  runResumed: kind(19, { requestedBy: text }),
  controlRequested,
  controlCleared,
  cleanupStarted: kind(22, { deadlineTime: time }),
  attributesSet,
  runDiverged: kind(24, { divergence }),
  taskReleased: kind(25, TASK_FIELDS.taskReleased),
  taskSkipped: kind(26, {
    nodePath: text,
    reason: word<SkipReason>(['DEAD_EDGES', 'TRIGGER_RULE', 'RACE_LOST', 'RUN_ENDING']),
  }),
  taskDeadLettered: kind(27, { nodePath: text, deadLetterId: text, failure: optional(failure) }),
  taskRequeued: kind(28, TASK_FIELDS.taskRequeued),
  edgeEvaluated: kind(29, { nodePath: text, taken: tags, key: text, error: text }),
  loopIterated: kind(30, { nodePath: text, iteration: varint, output: payload, again: flag }),
  raceWon: kind(31, { nodePath: text, winner: text }),
  compensationStarted: kind(32, { nodePath: text, targetNode: text }),
  timerStarted: kind(33, { nodePath: text, step: maybeStep, dueTime: time, ordinal: varint }),
  timerWithdrawn: kind(34, { startedSequence: varint }),
  signalWaitStarted: kind(35, {
    nodePath: text,
    step: maybeStep,
    name: text,
    untilTime: optional(time),
    ordinal: varint,
  }),
  signalReceived,
  signalWaitTimedOut: kind(37, { nodePath: text, step: maybeStep, name: text, startedSequence: varint }),
  childScheduled: kind(38, {
    nodePath: text,
    step: maybeStep,
    runId: text,
    workflow: text,
    version: text,
    mode: childMode,
    input: payload,
    ordinal: varint,
    options,
  }),
  childStarted: kind(39, { scheduledSequence: varint, runId: text, incarnation: id, version: text }),
  childRejected: kind(40, { scheduledSequence: varint, runId: text, rejection }),
  waitWithdrawn: kind(41, { startedSequence: varint }),
  childWaitStarted: kind(42, { nodePath: text, step: maybeStep, runId: text, ordinal: varint }),
  systemRecord: kind(60, { record: systemRecord }),
};
