import type { Principal } from '#libs/auth/principal.ts';
import { isAllowed } from '#libs/auth/roles.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Call } from './call.ts';

const ANYONE: Principal = { tokenId: '', role: 'viewer', tenantId: '' };

/**
 * Finds out who calls and whether they may, once for a call. A promise only where the authenticator needs one.
 *
 * @throws UNAUTHENTICATED, ROLE_DENIED.
 */
export function authorize(call: Call): Promise<void> | undefined {
  const { binding, incoming, runtime } = call;
  if (call.isAuthorized) {
    return undefined;
  }
  if (binding.allowed === 'everyone') {
    call.principal = ANYONE;
    return undefined;
  }
  const principal = runtime.authenticator.authenticate({
    authorization: incoming.header('authorization'),
    peerAddress: incoming.peerAddress,
  });
  if (principal instanceof Promise) {
    return principal.then((known) => admit(call, known));
  }
  admit(call, principal);
  return undefined;
}

function admit(call: Call, principal: Principal): void {
  const { allowed, path } = call.binding;
  if (allowed !== 'everyone' && !isAllowed(principal.role, allowed)) {
    throw new DomainError('ROLE_DENIED', `role ${principal.role} may not call ${path}`, {
      metadata: { role: principal.role, method: path },
    });
  }
  call.principal = principal;
}
