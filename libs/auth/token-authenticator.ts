import { DomainError } from '#libs/errors/domain-error.ts';
import { hashSecret, isSameHash, maybeSecret } from './api-token.ts';
import type { Authenticator } from './authenticator.ts';
import { isValidAt, type KnownToken, principalOf, ROOT_TOKEN } from './known-token.ts';
import type { Principal } from './principal.ts';

/** What a token authenticator is made of. */
export interface TokenAuthenticatorOptions {
  /** The secret of the root token. Absent: this process knows none. */
  readonly rootSecret: string | undefined;
  /**
   * Looks a secret up where tokens are kept; undefined: nobody has it. Revoked and expired ones may be answered too.
   *
   * @throws what keeps it from knowing, which callers then see.
   */
  readonly find: (secret: string) => Promise<KnownToken | undefined>;
  /** Milliseconds that only go forward. */
  readonly monotonicMs: () => number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Tells who calls by the token that they bring. */
export interface TokenAuthenticator extends Authenticator {
  /** Forgets what is known of a token, because it was changed here. */
  forget(tokenId: string): void;
}

/** How long an answer is believed: with the second after which streams are looked at again, 5 s. */
const KNOWN_MS = 4_000;
/** From here on it is looked up again while it is still believed, so that a busy token is never waited for. */
const REFRESH_MS = 2_000;
/** How long it is believed that nobody has a secret. Short, so that a token that was just made is good at once. */
const UNKNOWN_MS = 1_000;
const MAX_KNOWN = 10_000;
const MAX_UNKNOWN = 1_000;
/** Look-ups at a time; a flood of wrong tokens is not passed on to the tables. */
const MAX_LOOKUPS = 256;

interface Known {
  readonly token: KnownToken;
  readonly principal: Principal;
  readonly foundMs: number;
  isRefreshing: boolean;
}

/**
 * Makes the authenticator of a process that wants a token with every call. A header that is known is answered at once,
 * without a look at the secret in it; what is known is bounded and at most 4 s old. Unknown, expired and revoked tokens
 * and calls without one get the same text, after the same look-up.
 */
export function createTokenAuthenticator(options: TokenAuthenticatorOptions): TokenAuthenticator {
  const { rootSecret, find, monotonicMs, nowMs } = options;
  const rootHash = rootSecret === undefined ? undefined : hashSecret(rootSecret);
  const known = new Map<string, Known>();
  const unknownUntil = new Map<string, number>();
  const lookups = new Map<string, Promise<Known | undefined>>();

  function remember<V>(map: Map<string, V>, max: number, header: string, value: V): void {
    map.delete(header);
    map.set(header, value);
    if (map.size <= max) return;
    for (const oldest of map.keys()) {
      map.delete(oldest);
      return;
    }
  }

  async function lookUp(header: string, secret: string): Promise<Known | undefined> {
    // What is read may be older than the answer, but not older than the question.
    const askedMs = monotonicMs();
    const isRoot = rootHash !== undefined && isSameHash(hashSecret(secret), rootHash);
    const token = isRoot ? ROOT_TOKEN : await find(secret);
    if (token === undefined || !isValidAt(token, nowMs())) {
      known.delete(header);
      remember(unknownUntil, MAX_UNKNOWN, header, askedMs + UNKNOWN_MS);
      return undefined;
    }
    const foundMs = isRoot ? Number.POSITIVE_INFINITY : askedMs;
    const found: Known = { token, principal: principalOf(token), foundMs, isRefreshing: false };
    remember(known, MAX_KNOWN, header, found);
    return found;
  }

  function shareLookUp(header: string, secret: string): Promise<Known | undefined> {
    const running = lookups.get(header);
    if (running !== undefined) return running;
    if (lookups.size >= MAX_LOOKUPS) {
      throw new DomainError('OVERLOADED', `more than ${MAX_LOOKUPS} tokens are looked up at this moment`, {
        metadata: { limit: 'token_lookups', maximum: String(MAX_LOOKUPS) },
        retryAfterMs: 1_000,
      });
    }
    const lookup = lookUp(header, secret).finally(() => lookups.delete(header));
    lookups.set(header, lookup);
    return lookup;
  }

  function refresh(header: string, found: Known): void {
    const secret = maybeSecret(header);
    if (secret === undefined || lookups.size >= MAX_LOOKUPS) return;
    found.isRefreshing = true;
    // Who cannot be asked now is asked again once the answer is too old, and then it matters.
    shareLookUp(header, secret).catch(() => {
      found.isRefreshing = false;
    });
  }

  async function authenticateSlowly(header: string, secret: string): Promise<Principal> {
    const found = await shareLookUp(header, secret);
    if (found === undefined) throw refusal();
    return found.principal;
  }

  return {
    isRevocable: true,
    authenticate({ authorization }) {
      if (authorization === undefined) throw refusal();
      const found = known.get(authorization);
      const now = monotonicMs();
      if (found !== undefined && now - found.foundMs < KNOWN_MS) {
        if (!isValidAt(found.token, nowMs())) throw refusal();
        if (now - found.foundMs > REFRESH_MS && !found.isRefreshing) refresh(authorization, found);
        return found.principal;
      }
      const until = unknownUntil.get(authorization);
      if (until !== undefined && now < until) throw refusal();
      const secret = maybeSecret(authorization);
      if (secret === undefined) throw refusal();
      return authenticateSlowly(authorization, secret);
    },
    forget(tokenId) {
      for (const [header, { token }] of known) if (token.tokenId === tokenId) known.delete(header);
    },
  };
}

function refusal(): DomainError {
  return new DomainError('UNAUTHENTICATED', 'no valid token');
}
