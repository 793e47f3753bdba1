import type { RequestIdKey, RequestIdRow, RequestIdTable } from '#libs/store/tables/request-ids.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import { compareRuns } from './compare-keys.ts';
import { createGuardedRows } from './guarded-rows.ts';
import type { OwnedWriter } from './owned-rows.ts';
import { takeBefore } from './take-due.ts';

/** The first replies to requests, and what writes them. */
export interface RequestIds {
  readonly table: RequestIdTable;
  readonly writer: OwnedWriter<'requestIds'>;
}

/** Makes an empty table of request ids. */
export function createRequestIds(): RequestIds {
  const rows = createGuardedRows<RequestIdRow, RequestIdKey>(
    (key) => [key.tenantId, key.runId, key.rpc, key.requestId],
    slotOfRun,
  );
  const byExpiry = rows.view(
    () => true,
    (a, b) =>
      a.row.expireTime - b.row.expireTime ||
      compareRuns(a, b) ||
      compareText(a.row.rpc, b.row.rpc) ||
      compareText(a.row.requestId, b.row.requestId),
  );
  const table: RequestIdTable = {
    readRequestId: async (key) => rows.read(key),
    requestIdsExpiredBefore: async (slots, time, limit) =>
      takeBefore(byExpiry, (row) => row.expireTime, slots, time, limit).map(({ tenantId, runId, rpc, requestId }) => ({
        tenantId,
        runId,
        rpc,
        requestId,
      })),
  };
  return { table, writer: rows };
}
