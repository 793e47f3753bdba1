import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import type { OwnedRows } from '#libs/store/tables/row-writer.ts';
import type { SegmentRow, SegmentTable } from '#libs/store/tables/segments.ts';
import { createGuardedRows } from './guarded-rows.ts';
import { createIncarnationRows } from './incarnation-rows.ts';
import type { IncarnationPart, OwnedWriter } from './owned-rows.ts';

/** The segments, and what writes them. */
export interface Segments {
  readonly table: SegmentTable;
  readonly writer: OwnedWriter<'segments'>;
  readonly ofIncarnation: IncarnationPart;
}

/** Makes an empty table of segments. */
export function createSegments(): Segments {
  const rows = createGuardedRows<SegmentRow, OwnedRows['segments']['key']>(
    (key) => [key.tenantId, key.runId, key.incarnation, key.segment],
    slotOfRun,
  );
  const byRun = createIncarnationRows(rows, (a, b) => a.segment - b.segment);
  const table: SegmentTable = {
    readSegments: async (key, fromSegment, limit) =>
      byRun
        .of(key, (row) => row.segment < fromSegment)
        .take(limit)
        .toArray(),
  };
  return { table, writer: rows, ofIncarnation: byRun };
}
