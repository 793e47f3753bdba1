import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventOf } from '#libs/engine/events/event.ts';
import { LogError, type LogErrorReason } from '#libs/engine/model/log-error.ts';
import { failureOf, payloadOf } from '#libs/engine/testing/scenario.ts';
import { decodeHeadBody, encodeHeadBody, type HeadBody } from './head-body.ts';

const start = {
  request: { requestId: 'r', argumentsHash: Uint8Array.of(9, 8) },
  retentionMs: 2_592_000_000,
  traceparent: '00-ab-cd-01',
};
const ended: EventOf<'runEnded'> = {
  kind: 'runEnded',
  sequence: 250,
  eventTime: 1_800_000_000_000,
  status: 'FAILED',
  output: payloadOf('{"a":1}'),
  failure: failureOf('E'),
  requestedBy: 'ann',
  reason: 'r',
  interruptedAt: 't',
};
const FULL: HeadBody = {
  driver: 'SERVER',
  start,
  lastSequence: 250,
  openFrom: 201,
  snapshot: Uint8Array.of(1, 2, 3),
  openEvents: Uint8Array.of(4, 5, 6),
  ended,
};

const bodies: fc.Arbitrary<HeadBody> = fc.record({
  driver: fc.constantFrom('SERVER', 'CLIENT'),
  start: fc.constant(start),
  lastSequence: fc.constantFrom(250, 200_000_000_250),
  openFrom: fc.constant(0),
  snapshot: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
  openEvents: fc.option(fc.uint8Array({ maxLength: 500 }), { nil: undefined }),
  ended: fc.constantFrom(undefined, ended, { ...ended, output: undefined, failure: undefined }),
});

function reasonOf(action: () => unknown): LogErrorReason | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof LogError) return error.reason;
    throw error;
  }
  return undefined;
}

test('a head is the same after it was packed and read', () => {
  fc.assert(
    fc.property(bodies, fc.integer({ min: -1, max: 98 }), fc.boolean(), (body, open, endsWithLast) => {
      const last = endsWithLast && body.openEvents !== undefined;
      const packed = { ...body, openFrom: body.lastSequence - open, ended: last ? ('last' as const) : body.ended };
      expect(decodeHeadBody(encodeHeadBody(packed))).toEqual(packed);
    }),
  );
});

test('heads that were packed one after the other do not change each other', () => {
  const packed = Array.from({ length: 2_000 }, (_, at) => {
    const body = { ...FULL, lastSequence: 250 + at, openFrom: 251 + at, snapshot: new Uint8Array(at).fill(at) };
    return { body, bytes: encodeHeadBody(body) };
  });
  for (const { body, bytes } of packed) {
    const { lastSequence, snapshot } = decodeHeadBody(bytes);
    expect(lastSequence).toBe(body.lastSequence);
    expect(Buffer.compare(snapshot ?? new Uint8Array(), body.snapshot)).toBe(0);
  }
});

test('the outcome and what a start said keep no memory of the body that they were read from', () => {
  const bytes = encodeHeadBody({ ...FULL, snapshot: new Uint8Array(60_000) });
  const read = decodeHeadBody(Buffer.from(bytes));
  const output = (read.ended as EventOf<'runEnded'>).output?.data;
  expect(output).toEqual(ended.output?.data);
  expect(output?.buffer.byteLength).toBeLessThan(200);
  expect(read.start.request?.argumentsHash.buffer.byteLength).toBe(2);
});

describe('[8] a head', () => {
  const bytes = encodeHeadBody(FULL).slice();

  test('that is cut anywhere, too long, or of a newer format is a named error', () => {
    for (let size = 0; size < bytes.length; size += 1) {
      expect(reasonOf(() => decodeHeadBody(bytes.subarray(0, size)))).toBe('TRUNCATED');
    }
    expect(reasonOf(() => decodeHeadBody(Uint8Array.from([...bytes, 0])))).toBe('MALFORMED');
    expect(reasonOf(() => decodeHeadBody(Uint8Array.from([2, ...bytes.subarray(1)])))).toBe('UNKNOWN_VERSION');
  });

  test('with parts that are not known, or without the events that it ends with, is a named error', () => {
    for (const parts of [32, 128, 16, 8 | 16 | 4]) {
      expect(reasonOf(() => decodeHeadBody(Uint8Array.from([1, parts, ...bytes.subarray(2)])))).toBe('MALFORMED');
    }
  });

  test('whose open segment is none is a named error', () => {
    for (const [lastSequence, openFrom] of [
      [0, 1],
      [5, 0],
      [5, 7],
      [250, 100],
    ] as const) {
      expect(reasonOf(() => decodeHeadBody(encodeHeadBody({ ...FULL, lastSequence, openFrom })))).toBe('MALFORMED');
    }
  });

  test('at random is a named error or a head, never a crash', () => {
    fc.assert(
      fc.property(fc.nat(31), fc.uint8Array({ maxLength: 100 }), (parts, tail) => {
        reasonOf(() => decodeHeadBody(Uint8Array.from([1, parts, ...tail])));
      }),
      { numRuns: 2_000 },
    );
  });
});
