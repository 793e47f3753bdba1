import type { Role } from './roles.ts';

/** Who calls. */
export interface Principal {
  /** The token's id, never the token. */
  readonly tokenId: string;
  /** The token's name, for people: what `requested_by` and the audit log show. */
  readonly name: string;
  readonly role: Role;
  /** The tenant that the token belongs to; absent for root. */
  readonly tenantId: string | undefined;
}
