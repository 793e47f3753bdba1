import { EVENTS_PER_SEGMENT } from '#libs/store/tables/segments.ts';

/**
 * A segment ends with the event that makes it this large, though it has less than a hundred: rows have a limit of 12 MiB,
 * and a segment that is not full is written again as long as it grows. An event has at most 8 MiB.
 */
export const SEGMENT_BYTES: number = 256 * 1024;

/** What tells the later segments of a hundred from the first one, whose number is that of the hundred. */
const LATER_SEGMENT: number = 2 ** 32;

/** The place that a hundred places begin with, to which a place belongs. */
export function firstOfHundred(place: number): number {
  return place - ((place - 1) % EVENTS_PER_SEGMENT);
}

/** Where a segment that begins at a place ends at the latest: the first place that it cannot hold. */
export function segmentLimit(first: number): number {
  return firstOfHundred(first) + EVENTS_PER_SEGMENT;
}

/**
 * The number of the segment that begins at a place: (place − 1) div 100, so that two owners write the same rows, plus
 * what tells it from the first segment of its hundred, where it is not that one. [journal.md 16]
 */
export function segmentNumber(first: number): number {
  const hundred = firstOfHundred(first);
  return (hundred - 1) / EVENTS_PER_SEGMENT + (first - hundred) * LATER_SEGMENT;
}
