import type { Principal } from '#libs/auth/principal.ts';
import { isAllowed } from '#libs/auth/roles.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { MethodBinding } from '../service-binding.ts';
import type { Call } from './call.ts';
import type { CallRuntime, IncomingCall } from './runtime.ts';

const ANYONE: Principal = { tokenId: '', name: '', role: 'viewer', tenantId: '' };

/**
 * Finds out who calls and whether they may, once for a call. A promise only where the authenticator needs one.
 *
 * @throws UNAUTHENTICATED, ROLE_DENIED.
 */
export function authorize(call: Call): Promise<void> | undefined {
  if (call.isAuthorized) {
    return undefined;
  }
  const principal = identify(call.runtime, call.binding, call.incoming);
  if (principal instanceof Promise) {
    return principal.then((known) => {
      call.principal = known;
    });
  }
  call.principal = principal;
  return undefined;
}

/**
 * Who calls a method, if they may.
 *
 * @throws UNAUTHENTICATED, ROLE_DENIED.
 */
export function identify(
  { authenticator }: CallRuntime,
  binding: MethodBinding,
  incoming: IncomingCall,
): Principal | Promise<Principal> {
  if (binding.allowed === 'everyone') {
    return ANYONE;
  }
  const principal = authenticator.authenticate({
    authorization: incoming.header('authorization'),
    peerAddress: incoming.peerAddress,
  });
  return principal instanceof Promise ? principal.then((known) => admit(binding, known)) : admit(binding, principal);
}

function admit({ allowed, path }: MethodBinding, principal: Principal): Principal {
  if (allowed !== 'everyone' && !isAllowed(principal.role, allowed)) {
    throw new DomainError('ROLE_DENIED', `role ${principal.role} may not call ${path}`, {
      metadata: { role: principal.role, method: path },
    });
  }
  return principal;
}
