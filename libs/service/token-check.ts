import { Role as RoleProto } from '#gen/millrace/common/v1/options_pb.ts';
import { TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import type { Token } from '#gen/millrace/state/v1/token_pb.ts';
import { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import type { Authenticator } from '#libs/auth/authenticator.ts';
import type { KnownToken } from '#libs/auth/known-token.ts';
import type { Role } from '#libs/auth/roles.ts';
import type { TenantGate } from '#libs/auth/tenant-gate.ts';
import { createTokenAuthenticator } from '#libs/auth/token-authenticator.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import type { CommonConfig } from './common-config.ts';
import type { TokenCheckConfig } from './token-settings.ts';

/** What a service goes by that keeps neither tokens nor tenants. Disposing closes its connection to the state service. */
export interface TokenCheck extends AsyncDisposable {
  readonly authenticator: Authenticator;
  readonly tenants: TenantGate;
}

/** Longer than a hand-over is not waited for: the caller of the caller waits too. */
const DEADLINE_MS = 5_000;
const KNOWN_MS = 4_000;
const MAX_TENANTS = 10_000;

const ROLES: Readonly<Record<number, Role | undefined>> = {
  [RoleProto.VIEWER]: 'viewer',
  [RoleProto.DEVELOPER]: 'developer',
  [RoleProto.OPERATOR]: 'operator',
  [RoleProto.WORKER]: 'worker',
  [RoleProto.ADMIN]: 'admin',
};

interface KnownTenant {
  /** Undefined: there is no such tenant. */
  readonly status: TenantStatus | undefined;
  readonly readMs: number;
}

/**
 * Makes the check of a service that asks the state service about its callers, with a token of its own. Answers are
 * believed for 4 s. Undefined: neither a root token nor one of its own is set, so that there are no tokens.
 */
export function maybeTokenCheck(
  config: Pick<CommonConfig, 'rootToken'> & TokenCheckConfig,
  log: Pick<Logger, 'error'>,
): TokenCheck | undefined {
  const { rootToken, stateAddress } = config;
  // Root may ask about every tenant's tokens, any other one about those of its own.
  const token = rootToken ?? config.token;
  if (token === undefined) return undefined;
  const channel = createChannel({ address: stateAddress, token });
  const tokens = createClient(TokenService, channel, { deadlineMs: DEADLINE_MS });
  const tenants = createClient(TenantService, channel, { deadlineMs: DEADLINE_MS });
  const known = new Map<string, KnownTenant>();

  function remember(tenantId: string, status: TenantStatus | undefined): void {
    known.delete(tenantId);
    known.set(tenantId, { status, readMs: performance.now() });
    if (known.size <= MAX_TENANTS) return;
    for (const oldest of known.keys()) {
      known.delete(oldest);
      return;
    }
  }

  function ownFault(error: unknown): unknown {
    const isOwn = error instanceof DomainError && (error.kind === 'unauthenticated' || error.kind === 'denied');
    if (!isOwn) return error;
    log.error({ err: error, stateAddress }, 'the state service does not let this service ask about tokens');
    return new DomainError('UNAVAILABLE', 'tokens cannot be looked up at this moment', {
      cause: error,
      retryAfterMs: 1_000,
    });
  }

  async function find(secret: string): Promise<KnownToken | undefined> {
    try {
      const { token: found, tenantStatus } = await tokens.validateToken({ secret });
      const role = found === undefined ? undefined : ROLES[found.role];
      if (found === undefined || role === undefined) return undefined;
      remember(found.tenantId, tenantStatus);
      return knownFrom(found, role);
    } catch (error) {
      throw ownFault(error);
    }
  }

  async function readStatus(tenantId: string): Promise<TenantStatus | undefined> {
    try {
      const { tenant } = await tenants.getTenant({ tenantId });
      remember(tenantId, tenant?.status);
      return tenant?.status;
    } catch (error) {
      if (error instanceof DomainError && error.reason === 'TENANT_NOT_FOUND') return undefined;
      throw ownFault(error);
    }
  }

  return {
    authenticator: createTokenAuthenticator({
      rootSecret: rootToken,
      find,
      monotonicMs: () => performance.now(),
      nowMs: () => Date.now(),
    }),
    tenants: {
      admit({ tenantId, isRead }) {
        const found = known.get(tenantId);
        // Who comes with a token of the tenant was asked about, and its tenant with it; only root names others.
        const isFresh = found !== undefined && (rootToken === undefined || performance.now() - found.readMs < KNOWN_MS);
        if (isFresh) return judge(found.status, isRead);
        return readStatus(tenantId).then((status) => judge(status, isRead));
      },
    },
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}

function judge(status: TenantStatus | undefined, isRead: boolean): void {
  if (status === undefined) throw new DomainError('TENANT_NOT_FOUND', 'there is no such tenant');
  if (status === TenantStatus.ARCHIVED && !isRead) {
    throw new DomainError('TENANT_ARCHIVED', 'the tenant is archived: nothing of it can be changed');
  }
}

function knownFrom({ tokenId, name, tenantId, expireTime }: Token, role: Role): KnownToken {
  const expireMs = expireTime === undefined ? undefined : Number(expireTime.seconds) * 1000 + expireTime.nanos / 1e6;
  return { tokenId, name, role, tenantId, expireTime: expireMs, revokeTime: undefined };
}
