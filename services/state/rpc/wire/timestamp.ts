import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { invalidField } from './invalid-field.ts';

const NANOS_PER_MS = 1_000_000;
/** The first second of the year 1, from 1970. */
const MIN_SECONDS = -62_135_596_800n;
/** The last second of the year 9999. */
const MAX_SECONDS = 253_402_300_799n;

/**
 * A timestamp as milliseconds since 1970, rounded down.
 *
 * @throws INVALID_FIELDS naming the field for one that is not between the years 1 and 9999.
 */
export function timeFromTimestamp(timestamp: Timestamp, field: string): number {
  assertTimestamp(timestamp, field);
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / NANOS_PER_MS);
}

/**
 * A moment at which something is due, as milliseconds since 1970: rounded up, so that it is never early, and 0 for what
 * was before 1970, because the past is now.
 *
 * @throws INVALID_FIELDS as `timeFromTimestamp`.
 */
export function dueTimeFromTimestamp(timestamp: Timestamp, field: string): number {
  assertTimestamp(timestamp, field);
  const time = Number(timestamp.seconds) * 1000 + Math.ceil(timestamp.nanos / NANOS_PER_MS);
  return time > 0 ? time : 0;
}

/** Milliseconds since 1970 as a timestamp. */
export function timestampFromTime(time: number): Timestamp {
  const seconds = Math.floor(time / 1000);
  const nanos = Math.floor((time - seconds * 1000) * NANOS_PER_MS);
  return { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(seconds), nanos };
}

/** As `timestampFromTime`; undefined and Infinity, which is never, are absent. */
export function maybeTimestampFromTime(time: number | undefined): Timestamp | undefined {
  return time === undefined || time === Infinity ? undefined : timestampFromTime(time);
}

/** The binary form may hold any number, and the log could not keep it. */
function assertTimestamp({ seconds, nanos }: Timestamp, field: string): void {
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS || nanos < 0 || nanos > 999_999_999) {
    throw invalidField(field, 'must be a moment between the years 1 and 9999');
  }
}
