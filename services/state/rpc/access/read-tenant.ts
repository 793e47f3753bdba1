import { DEFAULT_TENANT_ID } from '#libs/auth/tenant.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { TenantTable } from '#libs/store/tables/tenants.ts';
import { defaultTenant, type TenantRecord, tenantFromRow } from './tenant-record.ts';

/**
 * Reads a tenant as it is stored; `default` is there without a row, and then its revision is 0.
 *
 * @throws TENANT_NOT_FOUND.
 */
export async function readTenant(tenants: Pick<TenantTable, 'read'>, tenantId: string): Promise<TenantRecord> {
  const row = await tenants.read(tenantId);
  if (row !== undefined) return tenantFromRow(row);
  if (tenantId === DEFAULT_TENANT_ID) return defaultTenant();
  throw new DomainError('TENANT_NOT_FOUND', 'there is no such tenant', { metadata: { tenant_id: tenantId } });
}
