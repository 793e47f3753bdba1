import { ALL_SLOTS } from '#libs/store/slots.ts';
import type { HeadTable } from '#libs/store/tables/heads.ts';
import { HEAD_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import { text } from './columns.ts';
import { createReadDue, dueRunFromSql, type ReadDue } from './due-rows.ts';
import { HEAD_COLUMNS, headFromSql } from './head-columns.ts';
import type { HeadIndexes } from './head-source.ts';
import { createHeadLists } from './list-heads.ts';
import type { TablesFile } from './tables-file.ts';

/** Makes the readers of heads. */
export function createHeads(file: TablesFile, indexes: HeadIndexes): HeadTable {
  const lists = createHeadLists(file, indexes);
  const one = file.prepare(
    `SELECT ${HEAD_COLUMNS} FROM heads WHERE slot = ? AND tenant_id = ? AND run_id = ? AND deleted_time IS NULL`,
  );
  const openInSlots = file.prepare(`
    SELECT count(*) AS count FROM heads
    WHERE tenant_id = ? AND workflow = ? AND version = ? AND deleted_time IS NULL
      AND close_time IS NULL AND +slot >= ? AND +slot < ?`);
  const keys = file.prepare(`
    SELECT tenant_id, run_id FROM heads
    WHERE (slot, tenant_id, run_id) > (?, ?, ?) AND slot < ? AND deleted_time IS NULL
    ORDER BY slot, tenant_id, run_id LIMIT ?`);
  const due = readDueBy('next_wake_time');
  const expired = readDueBy('expire_time');

  function readDueBy(timeColumn: string): ReadDue {
    const columns = 'tenant_id, run_id, incarnation';
    return createReadDue(file, { table: 'heads', timeColumn, keyColumns: 'tenant_id, run_id', columns });
  }

  return {
    async readHead(key) {
      const row = one.get(slotOfRun(key), key.tenantId, key.runId);
      return row && headFromSql(row);
    },
    listHeads: async (tenantId, filter, page) =>
      readPage(HEAD_ORDER, { tenantId, filter }, page, (range) => lists.list(tenantId, filter, range)),
    countHeads: async (tenantId, filter) => lists.count(tenantId, filter),
    async countUnfinished(tenantId, workflow, version, slots) {
      // One owner of all slots is the rule here, and the groups know the answer.
      return slots.from <= ALL_SLOTS.from && slots.to >= ALL_SLOTS.to
        ? indexes.groups.countOpen(tenantId, workflow, version)
        : Number(openInSlots.get(tenantId, workflow, version, slots.from, slots.to)?.['count']);
    },
    async headKeys(slots, limit, after) {
      const from = after === undefined ? [slots.from, '', ''] : [slotOfRun(after), after.tenantId, after.runId];
      const found = keys.all(...from, slots.to, limit);
      return found.map((row) => ({ tenantId: text(row, 'tenant_id'), runId: text(row, 'run_id') }));
    },
    dueBefore: async (slots, time, limit) => due(slots, time, limit).map(dueRunFromSql),
    expiredBefore: async (slots, time, limit) => expired(slots, time, limit).map(dueRunFromSql),
  };
}
