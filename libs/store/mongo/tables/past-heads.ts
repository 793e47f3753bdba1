import type { PastHeadRow, PastHeadTable } from '#libs/store/tables/heads.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { PAST_HEAD_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import { readDueRuns } from './due.ts';
import { fieldsOfPlainRow, plainRowFrom } from './plain-row.ts';
import { idOfIncarnation, idOfRun, idsFrom } from './row-id.ts';
import { createRows, LIVE, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';

/** Heads of replaced incarnations as documents. */
export const PAST_HEAD_SPEC: RowSpec<PastHeadRow, IncarnationKey> = {
  collection: 'past_heads',
  idOf: idOfIncarnation,
  fieldsOf: fieldsOfPlainRow,
  rowFrom: plainRowFrom,
};

/** Opens the table of past heads. */
export function createPastHeads(context: TablesContext): PastHeadTable {
  const rows = createRows(context, PAST_HEAD_SPEC);
  return {
    readPastHead: rows.read,
    listPastHeads: ({ tenantId, runId }, page) =>
      readPage(PAST_HEAD_ORDER, { tenantId, filter: { runId } }, page, ({ after, skip, take }) => {
        const ids = idsFrom(idOfRun({ tenantId, runId }));
        const end = after === undefined ? ids.$lt : idOfIncarnation({ tenantId, runId, incarnation: after[0] });
        return rows.find({ _id: { $gte: ids.$gte, $lt: end }, ...LIVE }, { sort: { _id: -1 }, skip, limit: take });
      }),
    pastHeadsExpiredBefore: (slots, time, limit) => readDueRuns(rows, 'expireTime', slots, time, limit),
  };
}
