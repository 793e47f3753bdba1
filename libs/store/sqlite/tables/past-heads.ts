import type { PastHeadRow, PastHeadTable } from '#libs/store/tables/heads.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { PAST_HEAD_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import { bytes, number, text } from './columns.ts';
import { createReadDue, dueRunFromSql } from './due-rows.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import { INCARNATION_COLUMNS, incarnationValues, OF_INCARNATION } from './incarnation-rows.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

const COLUMNS = 'tenant_id, run_id, incarnation, expire_time, body';
/** Comes after every incarnation. */
const END = '\u{10ffff}';

/** Makes the readers of past heads. */
export function createPastHeads(file: TablesFile): PastHeadTable {
  const one = file.prepare(`SELECT ${COLUMNS} FROM past_heads WHERE ${OF_INCARNATION}`);
  const list = file.prepare(`
    SELECT ${COLUMNS} FROM past_heads
    WHERE slot = ? AND tenant_id = ? AND run_id = ? AND incarnation < ? AND deleted_time IS NULL
    ORDER BY incarnation DESC LIMIT ? OFFSET ?`);
  const expired = createReadDue(file, {
    table: 'past_heads',
    timeColumn: 'expire_time',
    keyColumns: 'tenant_id, run_id, incarnation',
    columns: 'tenant_id, run_id, incarnation',
  });
  return {
    async readPastHead(key) {
      const row = one.get(...incarnationValues(key));
      return row && pastHeadFromSql(row);
    },
    listPastHeads: async (key, page) =>
      readPage(
        PAST_HEAD_ORDER,
        { tenantId: key.tenantId, filter: { runId: key.runId } },
        page,
        ({ after: [incarnation] = [END], skip, take }) =>
          list.all(slotOfRun(key), key.tenantId, key.runId, incarnation, take, skip).map(pastHeadFromSql),
      ),
    pastHeadsExpiredBefore: async (slots, time, limit) => expired(slots, time, limit).map(dueRunFromSql),
  };
}

/** Makes the writes of past heads. */
export function createPastHeadWriter(file: TablesFile): GuardedRows<PastHeadRow, IncarnationKey> {
  return createGuardedRows<PastHeadRow, IncarnationKey>(file, {
    table: 'past_heads',
    keyColumns: INCARNATION_COLUMNS,
    keyOf: incarnationValues,
    columns: ['expire_time', 'body'],
    valuesOf: (row) => [row.expireTime, row.body],
  });
}

function pastHeadFromSql(row: SqlRow): PastHeadRow {
  return {
    tenantId: text(row, 'tenant_id'),
    runId: text(row, 'run_id'),
    incarnation: text(row, 'incarnation'),
    expireTime: number(row, 'expire_time'),
    body: bytes(row, 'body'),
  };
}
