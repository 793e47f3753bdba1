import type { Principal } from './principal.ts';
import type { Role } from './roles.ts';

/** What is known of a token that was found by its secret. */
export interface KnownToken {
  readonly tokenId: string;
  /** For people, the audit log and `requested_by`. */
  readonly name: string;
  readonly role: Role;
  /** Absent: the root token. */
  readonly tenantId: string | undefined;
  /** In milliseconds since 1970. Absent: never. */
  readonly expireTime: number | undefined;
  /** In milliseconds since 1970. Absent: it was not revoked. */
  readonly revokeTime: number | undefined;
}

/** The root token, which is in the configuration and in no table. */
export const ROOT_TOKEN: KnownToken = {
  tokenId: 'root',
  name: 'root',
  role: 'root',
  tenantId: undefined,
  expireTime: undefined,
  revokeTime: undefined,
};

/** Whether a token lets its holder in at a moment. Who revoked it is obeyed whatever the clocks say. */
export function isValidAt(
  { expireTime, revokeTime }: Pick<KnownToken, 'expireTime' | 'revokeTime'>,
  now: number,
): boolean {
  return revokeTime === undefined && (expireTime === undefined || now < expireTime);
}

/** Who calls with a token. */
export function principalOf({ tokenId, name, role, tenantId }: KnownToken): Principal {
  return { tokenId, name, role, tenantId };
}
