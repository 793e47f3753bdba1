import { TENANT_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import type { TenantRow, TenantTable } from '#libs/store/tables/tenants.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number, text } from './columns.ts';
import { columnsOf, createVersionedRows, type VersionedSpec } from './versioned-rows.ts';

const SPEC: VersionedSpec<string, TenantRow> = {
  table: 'tenants',
  keyColumns: ['tenant_id'],
  keyValues: (tenantId) => [tenantId],
  keyOf: (row) => row.tenantId,
  columns: ['status', 'create_time', 'body'],
  valuesOf: (row) => [row.status, row.createTime, row.body],
  fromSql: (row) => ({
    tenantId: text(row, 'tenant_id'),
    revision: number(row, 'revision'),
    status: text(row, 'status'),
    createTime: number(row, 'create_time'),
    body: bytes(row, 'body'),
  }),
};

/** Makes the table of tenants. */
export function createTenants(file: WritableFile): TenantTable {
  const list = file.prepare(`SELECT ${columnsOf(SPEC)} FROM tenants
    WHERE tenant_id > ? ORDER BY tenant_id LIMIT ? OFFSET ?`);
  return {
    ...createVersionedRows(file, SPEC),
    list: async (page) =>
      readPage(TENANT_ORDER, { tenantId: '', filter: {} }, page, ({ after: [tenantId] = [''], skip, take }) =>
        list.all(tenantId, take, skip).map(SPEC.fromSql),
      ),
  };
}
