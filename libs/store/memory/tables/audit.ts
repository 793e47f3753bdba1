import type { AuditRow, AuditTable } from '#libs/store/tables/audit.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';

/** Makes an empty audit log. */
export function createAudit(): AuditTable {
  const rows: AuditRow[] = [];
  const inOrder = (tenantId: string): AuditRow[] =>
    rows.filter((row) => row.tenantId === tenantId).sort((a, b) => a.number - b.number);

  return {
    async insert(row) {
      assertRow('audit', row);
      if (rows.some((other) => other.tenantId === row.tenantId && other.number === row.number)) {
        return false;
      }
      rows.push({ ...row, body: new Uint8Array(row.body) });
      return true;
    },
    last: async (tenantId) => inOrder(tenantId).at(-1),
    list: async (tenantId, afterNumber, limit) =>
      inOrder(tenantId)
        .filter((row) => row.number > afterNumber)
        .slice(0, limit),
  };
}
