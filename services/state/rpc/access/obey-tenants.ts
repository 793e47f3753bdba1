import { TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import type { PartitionNode } from '#libs/partition/serve/node.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** Lets nothing be dispatched in tenants that are not active, from the moment that this process knows of it. */
export function obeyTenants(
  tenants: Pick<TenantDirectory, 'onRead'>,
  { dispatch }: Pick<PartitionNode, 'dispatch'>,
): void {
  tenants.onRead((tenantId, { status }) => {
    if (status === TenantStatus.ACTIVE) dispatch.resumeTenant(tenantId);
    else dispatch.suspendTenant(tenantId);
  });
}
