import { TENANT_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import type { TenantRow, TenantTable } from '#libs/store/tables/tenants.ts';
import { idFromParts } from './row-id.ts';
import type { TablesContext } from './tables-context.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** The collection of tenants. */
export const TENANT_COLLECTION = 'tenants';

/** Opens the table of tenants. */
export function createTenants(context: TablesContext): TenantTable {
  const { table, rows } = createVersionedRows<string, TenantRow>(context, {
    collection: TENANT_COLLECTION,
    keyOf: (row) => row.tenantId,
    idOf: idFromParts,
  });
  return {
    ...table,
    list: (page) =>
      readPage(TENANT_ORDER, { tenantId: '', filter: {} }, page, ({ after, skip, take }) =>
        rows.find(after === undefined ? {} : { _id: { $gt: idFromParts(...after) } }, {
          sort: { _id: 1 },
          skip,
          limit: take,
        }),
      ),
  };
}
