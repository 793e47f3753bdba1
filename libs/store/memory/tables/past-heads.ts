import type { PastHeadRow, PastHeadTable } from '#libs/store/tables/heads.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { PAST_HEAD_ORDER } from '#libs/store/tables/list-order.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import { compareIncarnations } from './compare-keys.ts';
import { createGuardedRows } from './guarded-rows.ts';
import type { OwnedWriter } from './owned-rows.ts';
import { readPageOf } from './pages.ts';
import { takeDue } from './take-due.ts';

/** The heads of replaced incarnations, and what writes them. */
export interface PastHeads {
  readonly table: PastHeadTable;
  readonly writer: OwnedWriter<'pastHeads'>;
}

/** Makes an empty table of past heads. */
export function createPastHeads(): PastHeads {
  const rows = createGuardedRows<PastHeadRow, IncarnationKey>(
    (key) => [key.tenantId, key.runId, key.incarnation],
    slotOfRun,
  );
  const byExpiry = rows.view(
    () => true,
    (a, b) => a.row.expireTime - b.row.expireTime || compareIncarnations(a, b),
  );
  const table: PastHeadTable = {
    readPastHead: async (key) => rows.read(key),
    listPastHeads: async ({ tenantId, runId }, page) =>
      readPageOf(
        PAST_HEAD_ORDER,
        { tenantId, filter: { runId } },
        page,
        Iterator.from(rows.rows()).filter((row) => row.tenantId === tenantId && row.runId === runId),
      ),
    pastHeadsExpiredBefore: async (slots, time, limit) =>
      takeDue(byExpiry, (row) => row.expireTime, slots, time, limit),
  };
  return { table, writer: rows };
}
