import type { SignalKey, SignalRow, SignalTable } from '#libs/store/tables/signals.ts';
import { bytes, maybeNumber, number, text } from './columns.ts';
import { createReadDue } from './due-rows.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import { INCARNATION_COLUMNS, incarnationValues, OF_INCARNATION } from './incarnation-rows.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

const KEY_COLUMNS = 'tenant_id, run_id, incarnation, arrival, name';

/** Makes the readers of signals. */
export function createSignals(file: TablesFile): SignalTable {
  const list = file.prepare(`
    SELECT ${KEY_COLUMNS}, expire_time, body FROM signals
    WHERE ${OF_INCARNATION} AND arrival > ? ORDER BY arrival, name LIMIT ?`);
  const expired = createReadDue(file, {
    table: 'signals',
    timeColumn: 'expire_time',
    keyColumns: KEY_COLUMNS,
    columns: KEY_COLUMNS,
  });
  return {
    readSignals: async (key, limit, afterOrder = -Number.MAX_SAFE_INTEGER) =>
      list.all(...incarnationValues(key), afterOrder, limit).map(signalFromSql),
    signalsExpiredBefore: async (slots, time, limit) => expired(slots, time, limit).map(signalKeyFromSql),
  };
}

/** Makes the writes of signals. */
export function createSignalWriter(file: TablesFile): GuardedRows<SignalRow, SignalKey> {
  return createGuardedRows<SignalRow, SignalKey>(file, {
    table: 'signals',
    keyColumns: [...INCARNATION_COLUMNS, 'arrival', 'name'],
    keyOf: (key) => [...incarnationValues(key), key.order, key.name],
    columns: ['expire_time', 'body'],
    valuesOf: (row) => [row.expireTime ?? null, row.body],
  });
}

function signalKeyFromSql(row: SqlRow): SignalKey {
  return {
    tenantId: text(row, 'tenant_id'),
    runId: text(row, 'run_id'),
    incarnation: text(row, 'incarnation'),
    name: text(row, 'name'),
    order: number(row, 'arrival'),
  };
}

function signalFromSql(row: SqlRow): SignalRow {
  const expireTime = maybeNumber(row, 'expire_time');
  return {
    ...signalKeyFromSql(row),
    ...(expireTime === undefined ? {} : { expireTime }),
    body: bytes(row, 'body'),
  };
}
