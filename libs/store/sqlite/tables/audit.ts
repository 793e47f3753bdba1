import type { AuditRow, AuditTable } from '#libs/store/tables/audit.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number, text } from './columns.ts';
import type { SqlRow } from './tables-file.ts';

const COLUMNS = 'tenant_id, number, time, body';

/** Makes the audit log. */
export function createAudit(file: WritableFile): AuditTable {
  const insert = file.prepareWrite(`INSERT INTO audit (${COLUMNS}) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const last = file.prepare(`SELECT ${COLUMNS} FROM audit WHERE tenant_id = ? ORDER BY number DESC LIMIT 1`);
  const list = file.prepare(`SELECT ${COLUMNS} FROM audit WHERE tenant_id = ? AND number > ? ORDER BY number LIMIT ?`);
  return {
    async insert(row) {
      assertRow('audit', row);
      return (await insert(row.tenantId, row.number, row.time, row.body)) > 0;
    },
    async last(tenantId) {
      const row = last.get(tenantId);
      return row && entryFromSql(row);
    },
    list: async (tenantId, afterNumber, limit) => list.all(tenantId, afterNumber, limit).map(entryFromSql),
  };
}

function entryFromSql(row: SqlRow): AuditRow {
  return {
    tenantId: text(row, 'tenant_id'),
    number: number(row, 'number'),
    time: number(row, 'time'),
    body: bytes(row, 'body'),
  };
}
