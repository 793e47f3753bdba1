import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';

/** The first second of the year 1, from 1970. */
const MIN_SECONDS = -62_135_596_800n;
/** The last second of the year 9999. */
const MAX_SECONDS = 253_402_300_799n;
/** 10 000 years, which JSON cannot say more than. */
const MAX_SPAN_SECONDS = 315_576_000_000n;
const MAX_NANOS = 999_999_999;

/** Whether a timestamp is one: the binary form may hold any numbers. */
export function isMoment(value: unknown): boolean {
  const { seconds, nanos } = value as Timestamp;
  return seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos <= MAX_NANOS;
}

/** Whether a duration is one: the binary form may hold any numbers. */
export function isSpan(value: unknown): boolean {
  const { seconds, nanos } = value as Duration;
  const isInRange =
    seconds >= -MAX_SPAN_SECONDS && seconds <= MAX_SPAN_SECONDS && nanos >= -MAX_NANOS && nanos <= MAX_NANOS;
  return isInRange && (nanos === 0 || seconds === 0n || nanos > 0 === seconds > 0n);
}
