import { DomainError } from '#libs/errors/domain-error.ts';
import type { Principal } from './principal.ts';

/** The tenant of whoever does not say otherwise. */
export const DEFAULT_TENANT_ID = 'default';

/**
 * The tenant that a request is about: the one it names, or else the token's.
 *
 * @throws TENANT_DENIED when a token of one tenant names another.
 */
export function resolveTenant(principal: Principal, requested: string): string {
  const { tenantId } = principal;
  if (tenantId === undefined) {
    return requested === '' ? DEFAULT_TENANT_ID : requested;
  }
  if (requested !== '' && requested !== tenantId) {
    throw new DomainError('TENANT_DENIED', 'tenant_id names another tenant than the token');
  }
  return tenantId;
}
