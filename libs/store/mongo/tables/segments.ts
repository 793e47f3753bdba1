import type { OwnedRows } from '#libs/store/tables/row-writer.ts';
import type { SegmentRow, SegmentTable } from '#libs/store/tables/segments.ts';
import { fieldsOfPlainRow, plainRowFrom } from './plain-row.ts';
import { endOf, idFromParts, idOfIncarnation } from './row-id.ts';
import { createRows, LIVE, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';

/** Segments as documents. */
export const SEGMENT_SPEC: RowSpec<SegmentRow, OwnedRows['segments']['key']> = {
  collection: 'segments',
  idOf: (key) => idOfIncarnation(key) + idFromParts(key.segment),
  fieldsOf: fieldsOfPlainRow,
  rowFrom: plainRowFrom,
};

/** Opens the table of segments. */
export function createSegments(context: TablesContext): SegmentTable {
  const rows = createRows(context, SEGMENT_SPEC);
  return {
    readSegments: (key, fromSegment, limit) => {
      const ids = { $gte: SEGMENT_SPEC.idOf({ ...key, segment: fromSegment }), $lt: endOf(idOfIncarnation(key)) };
      return rows.find({ _id: ids, ...LIVE }, { sort: { _id: 1 }, limit });
    },
  };
}
