/**
 * Free work items, those without a run, are kept as hidden runs of one item each: in a tenant of their own, so that no
 * list of the tenant ever shows them. The names of tenants have no control characters, so that no caller can name it.
 */
const FREE_MARK = '\u0001';

/** The tenant in which the free items of a tenant are kept. */
export function freeTenantOf(tenantId: string): string {
  return FREE_MARK + tenantId;
}

/** Whether a tenant is one of those in which free items are kept. */
export function isFreeTenant(tenantId: string): boolean {
  return tenantId.startsWith(FREE_MARK);
}

/** The tenant as people name it, to which everything in a hidden one belongs too. */
export function plainTenant(tenantId: string): string {
  return tenantId.startsWith(FREE_MARK) ? tenantId.slice(FREE_MARK.length) : tenantId;
}
