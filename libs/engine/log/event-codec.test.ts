import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SystemRecord } from '../events/client-events.ts';
import type { Event, EventBody, EventKind } from '../events/event.ts';
import { LogError, type LogErrorReason } from '../model/log-error.ts';
import { failureOf, payloadOf, startCommand, stepOf } from '../testing/scenario.ts';
import { createByteReader, readSigned, readString, readVarint } from './byte-reader.ts';
import { createByteWriter, writeSigned, writeString, writeVarint, writtenBytes } from './byte-writer.ts';
import { decodeEvent, encodeEvent } from './event-codec.ts';
import { EVENT_KINDS } from './event-kinds.ts';

const BASE = 1_800_000_000_000;
const UUID = '01980000-0000-7000-8000-00000000abcd';
const step = { scope: '0/3', name: 'größe', occurrence: 300 };
const payload = payloadOf('{"a":1}');
const failure = {
  ...failureOf('E', true),
  stack: 's',
  causes: [{ type: 'C', message: 'm', stack: '' }],
  details: {
    contentType: 'text/plain',
    encodings: ['gzip'],
    data: undefined,
    ref: { sha256: new Uint8Array(32), size: 9 },
  },
  attempts: 3,
};
const lease = {
  itemSequence: 2,
  workerId: 'w',
  sessionId: UUID,
  fence: (127n << 56n) + 5n,
  leaseTime: BASE,
  expireTime: BASE + 5,
  noExpiry: false,
};
const attributes = {
  a: { kind: 'keyword', value: 'x' },
  b: { kind: 'integer', value: -(2n ** 63n) },
  c: { kind: 'double', value: -0.5 },
  d: { kind: 'boolean', value: true },
  e: { kind: 'time', value: BASE },
  f: { kind: 'keywordList', value: ['p', 'q'] },
} as const;
const control = { kind: 'CANCEL', reason: 'r', requestedBy: 'ann', requestTime: BASE } as const;
const parent = { runId: 'p', incarnation: UUID, nodePath: 'pick', mode: 'DETACH' } as const;
const signal = { name: 'go', signalId: UUID, payload, sendTime: BASE };
const ended = {
  kind: 'runEnded',
  status: 'FAILED',
  output: undefined,
  failure,
  requestedBy: 'ann',
  reason: 'r',
  interruptedAt: 't',
} as const;
const node = { nodePath: 'a/b' };

const SAMPLES: { readonly [Kind in EventKind]: Extract<EventBody, { kind: Kind }> } = {
  stepRecorded: { kind: 'stepRecorded', step, result: payload, attempt: 2, ordinal: 7 },
  stepBegun: { kind: 'stepBegun', step, attempt: 1, deadlineTime: BASE, heartbeatTimeoutMs: 100, ordinal: 1 },
  stepFailed: { kind: 'stepFailed', step, failure, attempt: 1, retryTime: BASE, ordinal: 0, timedOut: true },
  valueRecorded: { kind: 'valueRecorded', step, value: undefined, ordinal: 3 },
  signalConsumed: { kind: 'signalConsumed', ...node, step: undefined, name: 'go', payload, receivedSequence: 0 },
  timerFired: { kind: 'timerFired', ...node, step, startedSequence: 70_000 },
  childEnded: {
    kind: 'childEnded',
    scheduledSequence: 4,
    runId: 'c',
    status: 'COMPLETED',
    output: payload,
    failure: undefined,
  },
  taskScheduled: {
    kind: 'taskScheduled',
    ...node,
    attempt: 1,
    input: payload,
    queue: 'q',
    priority: 5,
    tags: ['gpu', 'eu'],
    notBeforeTime: BASE,
  },
  taskLeased: { kind: 'taskLeased', ...node, lease, attempt: 1 },
  taskCompleted: { kind: 'taskCompleted', ...node, output: payload, attempt: 1, workerId: UUID },
  taskFailed: { kind: 'taskFailed', ...node, failure, attempt: 1, retryTime: undefined, workerId: '' },
  clientEvent: { kind: 'clientEvent', type: 'did', data: payload, sourceTime: -1, metadata: { k: 'v' } },
  stateSet: { kind: 'stateSet', key: 'k', value: payload, step, ordinal: 1 },
  runStarted: {
    ...startCommand({ parent, attributes, runTimeoutMs: 5, replacedIncarnation: UUID }),
    kind: 'runStarted',
  },
  runEnded: ended,
  runPaused: { kind: 'runPaused', requestedBy: 'ann', reason: 'r' },
  runResumed: { kind: 'runResumed', requestedBy: 'ann' },
  controlRequested: { kind: 'controlRequested', control },
  controlCleared: { kind: 'controlCleared', control: 'PAUSE' },
  cleanupStarted: { kind: 'cleanupStarted', deadlineTime: BASE },
  attributesSet: { kind: 'attributesSet', attributes, removed: ['z'], step: undefined, ordinal: 0 },
  runDiverged: {
    kind: 'runDiverged',
    divergence: { expectedStep: 'a', foundStep: 'b', sourceLocation: 'c', build: 'd' },
  },
  taskReleased: { kind: 'taskReleased', ...node, itemSequence: 2, reason: 'drain' },
  taskSkipped: { kind: 'taskSkipped', ...node, reason: 'RACE_LOST' },
  taskDeadLettered: { kind: 'taskDeadLettered', ...node, deadLetterId: 'd', failure },
  taskRequeued: { kind: 'taskRequeued', ...node, itemSequence: 9, requestedBy: 'ann' },
  edgeEvaluated: { kind: 'edgeEvaluated', ...node, taken: ['x'], key: 'k', error: '' },
  loopIterated: { kind: 'loopIterated', ...node, iteration: 4, output: payload, again: true },
  raceWon: { kind: 'raceWon', ...node, winner: 'x' },
  compensationStarted: { kind: 'compensationStarted', ...node, targetNode: 'x' },
  timerStarted: { kind: 'timerStarted', ...node, step, dueTime: BASE, ordinal: 1 },
  timerWithdrawn: { kind: 'timerWithdrawn', startedSequence: 4 },
  signalWaitStarted: { kind: 'signalWaitStarted', ...node, step, name: 'go', untilTime: undefined, ordinal: 1 },
  signalReceived: { kind: 'signalReceived', signal },
  signalWaitTimedOut: { kind: 'signalWaitTimedOut', ...node, step, name: 'go', startedSequence: 4 },
  childScheduled: {
    kind: 'childScheduled',
    ...node,
    step,
    runId: 'c',
    workflow: 'w',
    version: '',
    mode: 'WAIT',
    input: payload,
    ordinal: 1,
    options: { priority: 1, tags: [], attributes, runTimeoutMs: undefined, queue: '' },
  },
  childStarted: { kind: 'childStarted', scheduledSequence: 4, runId: 'c', incarnation: UUID, version: '1' },
  childRejected: {
    kind: 'childRejected',
    scheduledSequence: 4,
    runId: 'c',
    rejection: { reason: 'RUN_EXISTS', message: 'm', metadata: { state: 'RUNNING' } },
  },
  waitWithdrawn: { kind: 'waitWithdrawn', startedSequence: 4 },
  childWaitStarted: { kind: 'childWaitStarted', ...node, step, runId: 'c', ordinal: 1 },
  systemRecord: { kind: 'systemRecord', record: ended },
};

const RECORDS: readonly SystemRecord[] = [
  SAMPLES.runStarted,
  SAMPLES.controlRequested,
  SAMPLES.controlCleared,
  { kind: 'statusChanged', fromStatus: 'PENDING', toStatus: 'PAUSED', reason: 'r' },
  SAMPLES.signalReceived,
  SAMPLES.signalConsumed,
  SAMPLES.attributesSet,
];

function encoded(body: EventBody, sequence: number = 7, eventTime: number = BASE - 3): Uint8Array {
  const writer = createByteWriter(4);
  encodeEvent(writer, { ...body, sequence, eventTime } as Event, BASE);
  return writtenBytes(writer).slice();
}

function reasonOf(action: () => unknown): LogErrorReason | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof LogError) return error.reason;
    throw error;
  }
  return undefined;
}

describe('an event', () => {
  test.each(Object.values(SAMPLES))('of kind $kind is the same after it was written and read', (body) => {
    const reader = createByteReader(encoded(body));
    expect(decodeEvent(reader, BASE)).toEqual({ ...body, sequence: 7, eventTime: BASE - 3 });
    expect(reader.position).toBe(reader.end);
  });

  test.each(RECORDS)('that is a system record of kind $kind is the same after it was written and read', (record) => {
    const body = { kind: 'systemRecord', record } as const;
    expect(decodeEvent(createByteReader(encoded(body)), BASE)).toMatchObject(body);
  });

  test('has the number of its kind on the wire, which no other kind has', () => {
    const numbers = Object.values(EVENT_KINDS).map(({ number }) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(EVENT_KINDS.stepRecorded.number).toBe(3);
    expect(EVENT_KINDS.waitWithdrawn.number).toBe(41);
    expect(EVENT_KINDS.systemRecord.number).toBe(60);
  });

  test('costs a step two dozen bytes beside its result', () => {
    const result = { contentType: '', encodings: [], data: new Uint8Array(100), ref: undefined };
    const bytes = encoded(
      { kind: 'stepRecorded', step: stepOf('charge'), result, attempt: 1, ordinal: 90_000 },
      90_003,
    );
    expect(bytes.length).toBeLessThanOrEqual(124);
  });

  test.each([0, 127, 128, 8_191, 8_192, 8_193, 16_384, 3_000_000])('with a payload of %i bytes is the same', (size) => {
    const data = new Uint8Array(size).map((_, index) => index);
    const result = { contentType: '', encodings: [], data, ref: undefined };
    const body = { kind: 'stepRecorded', step, result, attempt: 1, ordinal: 1 } as const;
    expect(decodeEvent(createByteReader(encoded(body)), BASE)).toMatchObject(body);
  });

  test('with long texts and a short payload is the same', () => {
    const body = { kind: 'runPaused', requestedBy: 'a'.repeat(20_000), reason: 'ü'.repeat(9_000) } as const;
    expect(decodeEvent(createByteReader(encoded(body)), BASE)).toMatchObject(body);
  });
});

describe('[8] stored bytes', () => {
  test('of an unknown version or kind are a named error, and the reader stands behind them', () => {
    const bytes = encoded(SAMPLES.runResumed);
    for (const [at, value, reason] of [
      [2, 9, 'UNKNOWN_VERSION'],
      [3, 99, 'UNKNOWN_KIND'],
    ] as const) {
      const changed = Uint8Array.from(bytes);
      changed[at] = value;
      const reader = createByteReader(changed);
      expect(reasonOf(() => decodeEvent(reader, BASE))).toBe(reason);
      expect(reader.position).toBe(reader.end);
    }
  });

  test('with fields that a newer release added are read without them', () => {
    const bytes = encoded(SAMPLES.timerWithdrawn);
    const longer = Uint8Array.from([...bytes, 1, 2, 3]);
    longer[0] = (longer[0] ?? 0) + 3;
    expect(decodeEvent(createByteReader(longer), BASE)).toMatchObject(SAMPLES.timerWithdrawn);
  });

  test('that are cut anywhere are a named error, never a misread', () => {
    for (const body of Object.values(SAMPLES)) {
      const bytes = encoded(body);
      for (let size = 0; size < bytes.length; size++) {
        expect(reasonOf(() => decodeEvent(createByteReader(bytes.subarray(0, size)), BASE))).toBe('TRUNCATED');
      }
    }
  });

  test('at random are a named error or an event, never a crash', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(...Object.values(EVENT_KINDS)),
        (tail, { number }) => {
          const bytes = Uint8Array.from([tail.length + 2, 1, number, ...tail]);
          reasonOf(() => decodeEvent(createByteReader(bytes), BASE));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

test('numbers of every size and texts of every kind are the same after they were written and read', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer(), fc.string({ unit: 'binary', maxLength: 300 }), (n, i, s) => {
      const writer = createByteWriter(1);
      writeVarint(writer, n);
      writeSigned(writer, i);
      writeString(writer, s);
      const reader = createByteReader(writtenBytes(writer));
      expect([readVarint(reader), readSigned(reader), readString(reader)]).toEqual([n, i, s]);
    }),
  );
  expect(reasonOf(() => writeVarint(createByteWriter(), 0.5))).toBe('MALFORMED');
  expect(reasonOf(() => writeVarint(createByteWriter(), -1))).toBe('MALFORMED');
});
