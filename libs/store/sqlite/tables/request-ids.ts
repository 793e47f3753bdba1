import type { RequestIdKey, RequestIdRow, RequestIdTable } from '#libs/store/tables/request-ids.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import { bytes, number, text } from './columns.ts';
import { createReadDue } from './due-rows.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import type { SqlRow, TablesFile, Values } from './tables-file.ts';

const KEY_COLUMNS = 'tenant_id, run_id, rpc, request_id';

/** Makes the readers of first replies. */
export function createRequestIds(file: TablesFile): RequestIdTable {
  const one = file.prepare(`
    SELECT ${KEY_COLUMNS}, expire_time, body FROM request_ids
    WHERE slot = ? AND tenant_id = ? AND run_id = ? AND rpc = ? AND request_id = ? AND deleted_time IS NULL`);
  const expired = createReadDue(file, {
    table: 'request_ids',
    timeColumn: 'expire_time',
    keyColumns: KEY_COLUMNS,
    columns: KEY_COLUMNS,
  });
  return {
    async readRequestId(key) {
      const row = one.get(...keyValues(key));
      return row && { ...requestIdKeyFromSql(row), expireTime: number(row, 'expire_time'), body: bytes(row, 'body') };
    },
    requestIdsExpiredBefore: async (slots, time, limit) => expired(slots, time, limit).map(requestIdKeyFromSql),
  };
}

/** Makes the writes of first replies. */
export function createRequestIdWriter(file: TablesFile): GuardedRows<RequestIdRow, RequestIdKey> {
  return createGuardedRows<RequestIdRow, RequestIdKey>(file, {
    table: 'request_ids',
    keyColumns: ['slot', 'tenant_id', 'run_id', 'rpc', 'request_id'],
    keyOf: keyValues,
    columns: ['expire_time', 'body'],
    valuesOf: (row) => [row.expireTime, row.body],
  });
}

function keyValues(key: RequestIdKey): Values {
  return [slotOfRun(key), key.tenantId, key.runId, key.rpc, key.requestId];
}

function requestIdKeyFromSql(row: SqlRow): RequestIdKey {
  return {
    tenantId: text(row, 'tenant_id'),
    runId: text(row, 'run_id'),
    rpc: text(row, 'rpc'),
    requestId: text(row, 'request_id'),
  };
}
