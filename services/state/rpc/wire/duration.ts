import type { Duration } from '@bufbuild/protobuf/wkt';

const NANOS_PER_MS = 1_000_000;

/**
 * A duration as whole milliseconds, rounded up, so that nothing ends before the time that was asked for. A negative one,
 * which the rules of the protos refuse where it means nothing, is 0.
 */
export function msFromDuration({ seconds, nanos }: Duration): number {
  const ms = Number(seconds) * 1000 + Math.ceil(nanos / NANOS_PER_MS);
  return ms > 0 ? ms : 0;
}

/** As `msFromDuration`; absent stays absent. */
export function maybeMsFromDuration(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : msFromDuration(duration);
}

/** Milliseconds from 0 as a duration. */
export function durationFromMs(ms: number): Duration {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.floor((ms - seconds * 1000) * NANOS_PER_MS);
  return { $typeName: 'google.protobuf.Duration', seconds: BigInt(seconds), nanos };
}

/** As `durationFromMs`; undefined and Infinity are absent. */
export function maybeDurationFromMs(ms: number | undefined): Duration | undefined {
  return ms === undefined || ms === Infinity ? undefined : durationFromMs(ms);
}
