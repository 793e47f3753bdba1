import { type CallOptions, type Client, createClient } from '@connectrpc/connect';
import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import { AuditService } from '#gen/millrace/state/v1/audit_service_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import { type Door, newTenant } from './serve-state.ts';

/** The root token of suites about access. */
export const ROOT_SECRET: string = `root_${'0123456789'.repeat(4)}`;

/** The options of a call that carries a token. */
export function bearer(secret: string): CallOptions {
  return { headers: { authorization: `Bearer ${secret}` } };
}

/** The options of root's calls. */
export const BY_ROOT: CallOptions = bearer(ROOT_SECRET);

/** The calls about access, through one door. */
export interface AccessCalls {
  readonly tokens: Client<typeof TokenService>;
  readonly tenants: Client<typeof TenantService>;
  readonly audit: Client<typeof AuditService>;
  /** Makes a tenant that no other test has. */
  readonly newTenant: () => Promise<string>;
  /** Makes a token and answers its secret. */
  readonly newSecret: (tenantId: string, role?: Role, name?: string) => Promise<string>;
}

/** Makes the calls. */
export function accessCalls({ transport }: Door, served: ServedEcho): AccessCalls {
  const door = transport(served.addresses);
  const tokens = createClient(TokenService, door);
  const tenants = createClient(TenantService, door);
  return {
    tokens,
    tenants,
    audit: createClient(AuditService, door),
    newTenant: async () => {
      const tenantId = newTenant();
      await tenants.createTenant({ tenantId }, BY_ROOT);
      return tenantId;
    },
    newSecret: async (tenantId, role = Role.ADMIN, name = 'a token') =>
      (await tokens.createToken({ tenantId, role, name }, BY_ROOT)).secret,
  };
}
