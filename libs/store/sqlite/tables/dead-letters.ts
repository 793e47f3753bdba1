import type { DeadLetterKey, DeadLetterRow, DeadLetterTable } from '#libs/store/tables/dead-letters.ts';
import { DEAD_LETTER_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import { slotOfItem } from '#libs/store/tables/row-slots.ts';
import { bytes, text, timeFromOrder } from './columns.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import { INCARNATION_COLUMNS } from './incarnation-rows.ts';
import { readListRange } from './read-list-range.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

const COLUMNS = 'tenant_id, run_id, incarnation, item_id, dead_letter_id, queue, dead_order, body';

/** Makes the readers of dead letters. */
export function createDeadLetters(file: TablesFile): DeadLetterTable {
  const one = file.prepare(`SELECT ${COLUMNS} FROM dead_letters
    WHERE tenant_id = ? AND dead_letter_id = ? AND deleted_time IS NULL LIMIT 1`);

  return {
    async readDeadLetter(tenantId, deadLetterId) {
      const row = one.get(tenantId, deadLetterId);
      return row && deadLetterFromSql(row);
    },
    listDeadLetters: async (tenantId, filter, page) =>
      readPage(DEAD_LETTER_ORDER, { tenantId, filter }, page, ({ after, skip, take }) => {
        const [deadTime, deadLetterId] = after ?? [Number.MAX_SAFE_INTEGER, ''];
        const rows = readListRange(file, {
          columns: COLUMNS,
          table: 'dead_letters',
          equal: [
            ['tenant_id', tenantId],
            ['run_id', filter.runId],
            ['queue', filter.queue],
          ],
          where: 'deleted_time IS NULL',
          after: [
            ['dead_order', -deadTime],
            ['dead_letter_id', deadLetterId],
          ],
          take,
          skip,
        });
        return rows.map(deadLetterFromSql);
      }),
  };
}

/** Makes the writes of dead letters. */
export function createDeadLetterWriter(file: TablesFile): GuardedRows<DeadLetterRow, DeadLetterKey> {
  return createGuardedRows<DeadLetterRow, DeadLetterKey>(file, {
    table: 'dead_letters',
    keyColumns: [...INCARNATION_COLUMNS, 'item_id', 'dead_letter_id'],
    keyOf: (key) => [slotOfItem(key), key.tenantId, key.runId, key.incarnation, key.itemId, key.deadLetterId],
    columns: ['queue', 'dead_order', 'body'],
    valuesOf: (row) => [row.queue, -row.deadTime, row.body],
  });
}

function deadLetterFromSql(row: SqlRow): DeadLetterRow {
  return {
    tenantId: text(row, 'tenant_id'),
    runId: text(row, 'run_id'),
    incarnation: text(row, 'incarnation'),
    itemId: text(row, 'item_id'),
    deadLetterId: text(row, 'dead_letter_id'),
    queue: text(row, 'queue'),
    deadTime: timeFromOrder(row, 'dead_order'),
    body: bytes(row, 'body'),
  };
}
