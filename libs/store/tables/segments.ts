import type { IncarnationKey } from './keys.ts';

/**
 * Events of a run that share a row at most; fewer where they are large. Where a segment ends follows from its events alone,
 * so that two owners write the same rows.
 */
export const EVENTS_PER_SEGMENT = 100;

/** Up to a hundred events of one incarnation, packed. */
export interface SegmentRow extends IncarnationKey {
  /** 0, 1, 2, … */
  readonly segment: number;
  readonly body: Uint8Array;
}

/** The events of runs. */
export interface SegmentTable {
  /** Segments from one number on, in order, at most `limit`. */
  readSegments(key: IncarnationKey, fromSegment: number, limit: number): Promise<readonly SegmentRow[]>;
}
