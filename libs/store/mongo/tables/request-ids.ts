import type { RequestIdKey, RequestIdRow, RequestIdTable } from '#libs/store/tables/request-ids.ts';
import { dueFirst, filterDue } from './due.ts';
import { fieldsOfPlainRow, plainRowFrom } from './plain-row.ts';
import { idFromParts, idOfRun } from './row-id.ts';
import { createRows, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';

/** First replies as documents. */
export const REQUEST_ID_SPEC: RowSpec<RequestIdRow, RequestIdKey> = {
  collection: 'request_ids',
  idOf: (key) => idOfRun(key) + idFromParts(key.rpc, key.requestId),
  fieldsOf: fieldsOfPlainRow,
  rowFrom: plainRowFrom,
};

const KEY_FIELDS = ['tenantId', 'runId', 'rpc', 'requestId'] as const;

/** Opens the table of request ids. */
export function createRequestIds(context: TablesContext): RequestIdTable {
  const rows = createRows(context, REQUEST_ID_SPEC);
  return {
    readRequestId: rows.read,
    requestIdsExpiredBefore: async (slots, time, limit) =>
      (await rows.findFields(
        filterDue('expireTime', slots, time),
        KEY_FIELDS,
        dueFirst('expireTime', limit),
      )) as RequestIdKey[],
  };
}
