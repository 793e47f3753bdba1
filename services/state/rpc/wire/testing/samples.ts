import type { JsonObject } from '@bufbuild/protobuf';
import type { Attributes } from '#libs/engine/model/attribute.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import type { Lease } from '#libs/engine/model/lease.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { StepId } from '#libs/engine/model/step-id.ts';
import type { RunRef } from '../lease.ts';

/** A moment. */
export const TIME: number = 1_800_000_000_123;
/** The same moment as JSON has it. */
export const TIME_JSON: string = '2027-01-15T08:00:00.123Z';
/** The incarnation of all samples. */
export const INCARNATION: string = '01980000-0000-7000-8000-00000000abcd';
/** The run of all samples. */
export const RUN: RunRef = { runId: 'order-42', incarnation: INCARNATION };

/** A payload with everything that a payload of bytes has. */
export const PAYLOAD: Payload = {
  contentType: 'text/plain',
  encodings: ['gzip'],
  data: new Uint8Array([1, 2, 3]),
  ref: undefined,
};
/** See `PAYLOAD`. */
export const PAYLOAD_JSON: JsonObject = { contentType: 'text/plain', encodings: ['gzip'], data: 'AQID' };

/** A failure with everything that a failure has. */
export const FAILURE: Failure = {
  type: 'Declined',
  message: 'no money',
  stack: 'at bank',
  causes: [{ type: 'Io', message: 'cut', stack: 'at net' }],
  nonRetryable: true,
  details: PAYLOAD,
  nodePath: 'charge',
  attempts: 3,
};
/** See `FAILURE`. */
export const FAILURE_JSON: JsonObject = {
  type: 'Declined',
  message: 'no money',
  stack: 'at bank',
  causes: [{ type: 'Io', message: 'cut', stack: 'at net' }],
  nonRetryable: true,
  details: PAYLOAD_JSON,
  nodePath: 'charge',
  attempts: 3,
};

/** A step. */
export const STEP: StepId = { scope: '0/3', name: 'größe', occurrence: 300 };
/** See `STEP`. */
export const STEP_JSON: JsonObject = { ...STEP };

/** One attribute of every kind. */
export const ATTRIBUTES: Attributes = {
  a: { kind: 'keyword', value: 'x' },
  b: { kind: 'integer', value: -(2n ** 63n) },
  c: { kind: 'double', value: -0.5 },
  d: { kind: 'boolean', value: true },
  e: { kind: 'time', value: TIME },
  f: { kind: 'keywordList', value: ['p', 'q'] },
};
/** See `ATTRIBUTES`. */
export const ATTRIBUTES_JSON: JsonObject = {
  a: { keywordValue: 'x' },
  b: { integerValue: '-9223372036854775808' },
  c: { doubleValue: -0.5 },
  d: { booleanValue: true },
  e: { pointInTime: TIME_JSON },
  f: { keywordList: { values: ['p', 'q'] } },
};

/** A hold. */
export const LEASE: Lease = {
  itemSequence: 2,
  workerId: 'w7',
  sessionId: 's7',
  fence: (127n << 56n) + 5n,
  leaseTime: TIME,
  expireTime: TIME + 1_000,
  noExpiry: true,
};
/** See `LEASE`. */
export const LEASE_JSON: JsonObject = {
  ...RUN,
  taskId: 'a/b',
  itemId: `${INCARNATION}.2`,
  workerId: 'w7',
  sessionId: 's7',
  fence: String(LEASE.fence),
  leaseTime: TIME_JSON,
  expireTime: '2027-01-15T08:00:01.123Z',
  noExpiry: true,
};
