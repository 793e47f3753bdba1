import { setImmediate as turn } from 'node:timers/promises';
import type { Authenticator } from '#libs/auth/authenticator.ts';
import type { Principal } from '#libs/auth/principal.ts';
import type { Role } from '#libs/auth/roles.ts';
import { DomainError } from '#libs/errors/domain-error.ts';

const ROLES: readonly Role[] = ['viewer', 'developer', 'operator', 'worker', 'admin', 'root'];

/** Knows one token per role, `Bearer viewer` …, all of tenant `acme` but root's; answers at once or a turn later. */
export function createTokenAuthenticator(answers: 'at once' | 'later'): Authenticator {
  const authenticate = (authorization: string | undefined): Principal => {
    const role = ROLES.find((known) => authorization === `Bearer ${known}`);
    if (role === undefined) {
      throw new DomainError('UNAUTHENTICATED', 'no valid token');
    }
    return { tokenId: `token-${role}`, name: `token-${role}`, role, tenantId: role === 'root' ? undefined : 'acme' };
  };
  return {
    authenticate: ({ authorization }) =>
      answers === 'at once' ? authenticate(authorization) : turn().then(() => authenticate(authorization)),
  };
}

/** The options of a call that carries a role's token. */
export function as(role: Role): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { authorization: `Bearer ${role}` } };
}
