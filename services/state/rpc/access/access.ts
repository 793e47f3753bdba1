import { randomBytes } from 'node:crypto';
import { hashSecret, isSameHash, SECRET_BYTES, secretFromBytes } from '#libs/auth/api-token.ts';
import type { Authenticator } from '#libs/auth/authenticator.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createTokenAuthenticator } from '#libs/auth/token-authenticator.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { StateTables } from '#libs/store/store.ts';
import { createKeyLocks, type KeyLocks } from '../payloads/key-locks.ts';
import { createStartRates, type StartRates } from './start-rates.ts';
import { createTenantDirectory, type TenantDirectory } from './tenant-directory.ts';
import { createTokenKeeper, type TokenKeeper } from './token-keeper.ts';

/** Who may do what in this process. */
export interface Access {
  readonly authenticator: Authenticator;
  readonly tenants: TenantDirectory;
  readonly tokens: TokenKeeper;
  /** Whether a secret is that of the root token. */
  isRoot(secret: string): boolean;
  /** The plain text of a token that nobody has yet. */
  newSecret(): string;
  /** A token was changed here. */
  forgetToken(tokenId: string): void;
  /** One writer of a tenant's audit log at a time; those of other nodes are met at the number. */
  readonly auditLocks: KeyLocks;
  readonly startRates: StartRates;
}

/** What access is made of. */
export interface AccessOptions {
  readonly tables: Pick<StateTables, 'tokens' | 'tenants'>;
  /** Absent: development mode, in which there are no tokens and every name is a tenant. */
  readonly rootSecret: string | undefined;
  readonly log: Pick<Logger, 'warn'>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Makes what tells who may do what, on the tables of a store. */
export function createAccess({ tables, rootSecret, log, nowMs }: AccessOptions): Access {
  const monotonicMs = (): number => performance.now();
  const tokens = createTokenKeeper(tables.tokens, log, nowMs);
  const tenants = createTenantDirectory({ tenants: tables.tenants, isStrict: rootSecret !== undefined, monotonicMs });
  const rootHash = rootSecret === undefined ? undefined : hashSecret(rootSecret);
  const byToken =
    rootSecret === undefined
      ? undefined
      : createTokenAuthenticator({ rootSecret, find: (secret) => tokens.find(secret), monotonicMs, nowMs });
  return {
    authenticator: byToken ?? createDevelopmentAuthenticator(),
    tenants,
    tokens,
    isRoot: (secret) => rootHash !== undefined && isSameHash(hashSecret(secret), rootHash),
    newSecret: () => secretFromBytes(randomBytes(SECRET_BYTES)),
    forgetToken: (tokenId) => byToken?.forget(tokenId),
    auditLocks: createKeyLocks(),
    startRates: createStartRates(monotonicMs),
  };
}
