import type { OwnedRows } from '#libs/store/tables/row-writer.ts';
import type { SegmentRow, SegmentTable } from '#libs/store/tables/segments.ts';
import { bytes, number, text } from './columns.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import { INCARNATION_COLUMNS, incarnationValues, OF_INCARNATION } from './incarnation-rows.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

/** Makes the readers of segments. */
export function createSegments(file: TablesFile): SegmentTable {
  const list = file.prepare(`
    SELECT tenant_id, run_id, incarnation, segment, body FROM segments
    WHERE ${OF_INCARNATION} AND segment >= ? ORDER BY segment LIMIT ?`);
  return {
    readSegments: async (key, fromSegment, limit) =>
      list.all(...incarnationValues(key), fromSegment, limit).map(segmentFromSql),
  };
}

/** Makes the writes of segments. */
export function createSegmentWriter(file: TablesFile): GuardedRows<SegmentRow, OwnedRows['segments']['key']> {
  return createGuardedRows<SegmentRow, OwnedRows['segments']['key']>(file, {
    table: 'segments',
    keyColumns: [...INCARNATION_COLUMNS, 'segment'],
    keyOf: (key) => [...incarnationValues(key), key.segment],
    columns: ['body'],
    valuesOf: (row) => [row.body],
  });
}

function segmentFromSql(row: SqlRow): SegmentRow {
  return {
    tenantId: text(row, 'tenant_id'),
    runId: text(row, 'run_id'),
    incarnation: text(row, 'incarnation'),
    segment: number(row, 'segment'),
    body: bytes(row, 'body'),
  };
}
