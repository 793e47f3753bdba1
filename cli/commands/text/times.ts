import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** A span of time as people read it, in its two largest units: `340 ms`, `2.5 s`, `3 m 20 s`, `2 d 4 h`. */
export function describeSpan(ms: number): string {
  const span = Math.max(0, Math.round(ms));
  if (span < 1_000) {
    return `${span} ms`;
  }
  if (span < 10_000) {
    return `${Number((span / 1_000).toFixed(1))} s`;
  }
  const largest = UNITS.findIndex(([, unitMs]) => span >= unitMs);
  const parts = UNITS.slice(largest, largest + 2).map(([unit, unitMs], index, [first]) => {
    const rest = index === 0 ? span : span % (first?.[1] ?? 1);
    return { count: Math.floor(rest / unitMs), unit };
  });
  return parts
    .filter(({ count }) => count > 0)
    .map(({ count, unit }) => `${count} ${unit}`)
    .join(' ');
}

/** How far a moment is from now, in its largest unit: `now`, `3 m ago`, `in 2 h`. */
export function describeAge(thenMs: number, nowMs: number): string {
  const distance = Math.abs(nowMs - thenMs);
  const [unit, unitMs] = UNITS.find(([, size]) => distance >= size) ?? ['', 0];
  if (unitMs === 0) {
    return 'now';
  }
  const span = `${Math.floor(distance / unitMs)} ${unit}`;
  return thenMs < nowMs ? `${span} ago` : `in ${span}`;
}

/** A moment in local time as ISO 8601 writes it, to the second: `2026-03-01T12:00:01+01:00`. */
export function localTime(ms: number): string {
  return isoOf(ms, 19);
}

/** A moment in local time as ISO 8601 writes it, to the millisecond. */
export function localTimeWithMs(ms: number): string {
  return isoOf(ms, 23);
}

function isoOf(ms: number, length: number): string {
  const offset = -new Date(ms).getTimezoneOffset();
  // The digits of local time are those of UTC so many minutes later.
  const digits = new Date(ms + offset * 60_000).toISOString().slice(0, length);
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${digits}${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
}

/** A moment and how far it is from now: `2026-03-01T12:00:01+01:00 (3 m ago)`. */
export function describeMoment(moment: Timestamp, nowMs: number): string {
  const ms = timestampMs(moment);
  return `${localTime(ms)} (${describeAge(ms, nowMs)})`;
}
