import { create } from '@bufbuild/protobuf';
import {
  type GetTenantRequest,
  type GetTenantResponse,
  GetTenantResponseSchema,
} from '#gen/millrace/state/v1/tenant_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { readTenant } from '../access/read-tenant.ts';
import { tenantToProto } from '../access/tenant-record.ts';
import type { StateContext } from '../context.ts';

/** TenantService.GetTenant. */
export function createGetTenant(context: StateContext): UnaryHandler<GetTenantRequest, GetTenantResponse> {
  return async (_request, { tenantId }) => {
    const record = await readTenant(context.store.tables.tenants, tenantId);
    return create(GetTenantResponseSchema, { tenant: tenantToProto(record) });
  };
}
