import type { AuditRow, AuditTable } from '#libs/store/tables/audit.ts';
import { addRow } from './added-rows.ts';
import { fieldsOfPlainRow, plainRowFrom } from './plain-row.ts';
import { endOf, idFromParts, idsFrom } from './row-id.ts';
import { createRows, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';

/** Audit entries as documents. */
export const AUDIT_SPEC: RowSpec<AuditRow, Pick<AuditRow, 'tenantId' | 'number'>> = {
  collection: 'audit',
  idOf: (key) => idFromParts(key.tenantId, key.number),
  fieldsOf: fieldsOfPlainRow,
  rowFrom: plainRowFrom,
};

/** Opens the audit log. */
export function createAudit(context: TablesContext): AuditTable {
  const { collection, idOf } = AUDIT_SPEC;
  const rows = createRows(context, AUDIT_SPEC);
  return {
    insert: (row) => addRow(context, collection, idOf(row), row),
    async last(tenantId) {
      const [row] = await rows.find({ _id: idsFrom(idFromParts(tenantId)) }, { sort: { _id: -1 }, limit: 1 });
      return row;
    },
    list(tenantId, afterNumber, limit) {
      const ids = { ...idsFrom(idFromParts(tenantId)), $gte: endOf(idOf({ tenantId, number: afterNumber })) };
      return rows.find({ _id: ids }, { sort: { _id: 1 }, limit });
    },
  };
}
