import { create } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema, timestampDate } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dueTimeFromTimestamp, maybeTimestampFromTime, timeFromTimestamp, timestampFromTime } from './timestamp.ts';

function timestamp(seconds: bigint, nanos: number): Timestamp {
  return create(TimestampSchema, { seconds, nanos });
}

test('a time is the same moment on the wire, and the same time again', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (time) => {
      const message = timestampFromTime(time);
      expect(timestampDate(message).getTime()).toBe(time);
      expect(message.nanos).toBeGreaterThanOrEqual(0);
      expect(timeFromTimestamp(message, 'at')).toBe(time);
    }),
  );
});

test('a part of a millisecond is left off, except where something is due', () => {
  expect(timeFromTimestamp(timestamp(5n, 1), 'at')).toBe(5_000);
  expect(timeFromTimestamp(timestamp(5n, 1_999_999), 'at')).toBe(5_001);
  expect(timeFromTimestamp(timestamp(-1n, 999_999_999), 'at')).toBe(-1);
  expect(dueTimeFromTimestamp(timestamp(5n, 1), 'at')).toBe(5_001);
  expect(dueTimeFromTimestamp(timestamp(-5n, 0), 'at')).toBe(0);
});

test.each([
  [-62_135_596_801n, 0],
  [253_402_300_800n, 0],
  [2n ** 62n, 0],
  [0n, -1],
  [0n, 1_000_000_000],
])('%i seconds and %i nanoseconds are no moment, and the field is named', (seconds, nanos) => {
  for (const read of [timeFromTimestamp, dueTimeFromTimestamp]) {
    const refused = (): number => read(timestamp(seconds, nanos), 'failed.retry_time');
    expect(refused).toThrow(expect.objectContaining({ reason: 'INVALID_FIELDS' }) as Error);
    expect(refused).toThrow('failed.retry_time must be a moment between the years 1 and 9999');
  }
});

test('no time and never are absent', () => {
  expect(maybeTimestampFromTime(undefined)).toBeUndefined();
  expect(maybeTimestampFromTime(Infinity)).toBeUndefined();
  expect(maybeTimestampFromTime(1_500)).toEqual(timestamp(1n, 500_000_000));
});
