import { TENANT_ORDER } from '#libs/store/tables/list-order.ts';
import type { TenantRow, TenantTable } from '#libs/store/tables/tenants.ts';
import { readPageOf } from './pages.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** Makes an empty table of tenants. */
export function createTenants(): TenantTable {
  const { table, rows } = createVersionedRows<string, TenantRow>({
    name: 'tenants',
    keyOf: (row) => row.tenantId,
    partsOf: (tenantId) => [tenantId],
  });
  return { ...table, list: async (page) => readPageOf(TENANT_ORDER, { tenantId: '', filter: {} }, page, rows()) };
}
