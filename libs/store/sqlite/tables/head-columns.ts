import { decodeAttributes } from '#libs/store/tables/attribute-codec.ts';
import type { FilteredHead } from '#libs/store/tables/head-match.ts';
import type { HeadRow } from '#libs/store/tables/heads.ts';
import { bytes, maybeNumber, text, timeFromOrder } from './columns.ts';
import type { SqlRow } from './tables-file.ts';

/** The columns that filters look at. */
export const FILTERED_COLUMNS = 'workflow, version, status, start_order, attributes';

/** The columns of a head. */
export const HEAD_COLUMNS: string = `tenant_id, run_id, incarnation, close_time, next_wake_time, expire_time, body,
  ${FILTERED_COLUMNS}`;

/** Reads what filters look at. */
export function filteredHeadFromSql(row: SqlRow): FilteredHead {
  return {
    workflow: text(row, 'workflow'),
    version: text(row, 'version'),
    status: text(row, 'status'),
    startTime: timeFromOrder(row, 'start_order'),
    attributes: decodeAttributes(text(row, 'attributes')),
  };
}

/** Reads a head. */
export function headFromSql(row: SqlRow): HeadRow {
  const closeTime = maybeNumber(row, 'close_time');
  const nextWakeTime = maybeNumber(row, 'next_wake_time');
  const expireTime = maybeNumber(row, 'expire_time');
  return {
    tenantId: text(row, 'tenant_id'),
    runId: text(row, 'run_id'),
    incarnation: text(row, 'incarnation'),
    ...filteredHeadFromSql(row),
    ...(closeTime === undefined ? {} : { closeTime }),
    ...(nextWakeTime === undefined ? {} : { nextWakeTime }),
    ...(expireTime === undefined ? {} : { expireTime }),
    body: bytes(row, 'body'),
  };
}
