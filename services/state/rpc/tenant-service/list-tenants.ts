import { create } from '@bufbuild/protobuf';
import {
  type ListTenantsRequest,
  type ListTenantsResponse,
  ListTenantsResponseSchema,
} from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { DEFAULT_TENANT_ID } from '#libs/auth/tenant.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { TENANT_ORDER } from '#libs/store/tables/list-order.ts';
import { filteredPage } from '../access/filtered-page.ts';
import { defaultTenant, rowFromTenant, tenantFromRow, tenantToProto } from '../access/tenant-record.ts';
import type { StateContext } from '../context.ts';

/** TenantService.ListTenants: by id. `default` has a row from its first list on, so that it has a place among the others. */
export function createListTenants(context: StateContext): UnaryHandler<ListTenantsRequest, ListTenantsResponse> {
  return async (request) => {
    const { tenants } = context.store.tables;
    const statuses = request.statuses.toSorted((a, b) => a - b);
    if ((await tenants.read(DEFAULT_TENANT_ID)) === undefined) {
      await tenants.insert(rowFromTenant(defaultTenant(), context.nowMs()));
    }
    const { entries, nextPageToken } = await filteredPage(
      {
        order: TENANT_ORDER,
        scope: { tenantId: '', filter: { statuses } },
        tableScope: { tenantId: '', filter: {} },
        read: (page) => tenants.list(page),
        entryOf: (row) => {
          const tenant = tenantToProto(tenantFromRow(row));
          return statuses.length === 0 || statuses.includes(tenant.status) ? tenant : undefined;
        },
      },
      request,
    );
    return create(ListTenantsResponseSchema, { tenants: entries, nextPageToken });
  };
}
