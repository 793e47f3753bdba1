import { LogError } from '#libs/engine/model/log-error.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { EVENTS_PER_SEGMENT, type SegmentRow } from '#libs/store/tables/segments.ts';
import { countEvents, type EventBytes, nextSequence } from '../runs/event-bytes.ts';
import { firstOfHundred, segmentLimit, segmentNumber } from '../runs/segment.ts';

/** Segments that one read asks for at most. The first asks for one, and each for twice as many as the one before. */
const MAX_SEGMENTS_PER_READ = 16;

/** Where segments are read. */
export type SegmentTables = Pick<StateTables, 'readSegments'>;

/** Reads the closed segments of a log. */
export interface SegmentReader {
  /** The place that is not in segments any more. */
  readonly end: number;
  /**
   * Reads the segment that begins at a place; those behind it come along, as many as hold what is still wanted.
   *
   * @throws LogError INCONSISTENT for one that is missing or does not fit, TRUNCATED for one that is cut.
   */
  read(first: number, wantedEvents: number): Promise<EventBytes>;
}

/** Makes a reader of the segments of an incarnation that end before a place. */
export function createSegmentReader(tables: SegmentTables, key: IncarnationKey, end: number): SegmentReader {
  const ahead = new Map<number, SegmentRow>();
  let readAhead = 1;

  async function readRow(first: number, wantedEvents: number): Promise<SegmentRow | undefined> {
    const number = segmentNumber(first);
    if (!ahead.has(number)) {
      ahead.clear();
      // The later segments of a hundred are not followed by those of the next one.
      const isFollowed = first === firstOfHundred(first);
      const wanted = isFollowed ? Math.ceil(Math.min(wantedEvents, end - first) / EVENTS_PER_SEGMENT) : 1;
      const rows = await tables.readSegments(key, number, Math.max(1, Math.min(wanted, readAhead)));
      for (const row of rows) ahead.set(row.segment, row);
      readAhead = Math.min(readAhead * 2, MAX_SEGMENTS_PER_READ);
    }
    const row = ahead.get(number);
    ahead.delete(number);
    return row;
  }

  return {
    end,
    read: async (first, wantedEvents) => {
      const row = await readRow(first, wantedEvents);
      if (row === undefined) throw new LogError('INCONSISTENT', `the segment from ${first} on is missing`);
      const segment = { firstSequence: first, count: countEvents(row.body), bytes: row.body };
      const next = nextSequence(segment);
      if (segment.count === 0 || next > segmentLimit(first) || next > end) {
        throw new LogError('INCONSISTENT', `the segment from ${first} on holds ${segment.count} events`);
      }
      return segment;
    },
  };
}
