import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationFromMs, maybeDurationFromMs, maybeMsFromDuration, msFromDuration } from './duration.ts';

const TEN_YEARS = 315_576_000;

function duration(seconds: number, nanos: number): ReturnType<typeof durationFromMs> {
  return create(DurationSchema, { seconds: BigInt(seconds), nanos });
}

test('whole milliseconds are the same after they were a duration', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: TEN_YEARS * 1000 }), (ms) => {
      expect(msFromDuration(durationFromMs(ms))).toBe(ms);
    }),
  );
});

test('a duration is never cut short, and never longer by a whole millisecond', () => {
  fc.assert(
    fc.property(fc.nat(TEN_YEARS), fc.nat(999_999_999), (seconds, nanos) => {
      const ns = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
      const excess = BigInt(msFromDuration(duration(seconds, nanos))) * 1_000_000n - ns;
      expect(excess >= 0n && excess < 1_000_000n).toBe(true);
    }),
  );
});

test('a nanosecond is a millisecond, and less than nothing is nothing', () => {
  expect(msFromDuration(duration(0, 1))).toBe(1);
  expect(msFromDuration(duration(2, 0))).toBe(2_000);
  expect(msFromDuration(duration(-3, 0))).toBe(0);
  expect(Object.is(msFromDuration(duration(0, -1)), 0)).toBe(true);
});

test('no duration and no end are absent', () => {
  expect(maybeMsFromDuration(undefined)).toBeUndefined();
  expect(maybeMsFromDuration(duration(1, 0))).toBe(1_000);
  expect(maybeDurationFromMs(undefined)).toBeUndefined();
  expect(maybeDurationFromMs(Infinity)).toBeUndefined();
  expect(maybeDurationFromMs(0)).toEqual(duration(0, 0));
});
