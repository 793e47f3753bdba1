import { hashSecret } from '#libs/auth/api-token.ts';
import { isValidAt } from '#libs/auth/known-token.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { TokenTable } from '#libs/store/tables/tokens.ts';
import { rowFromToken, type TokenRecord, tokenFromRow } from './token-record.ts';

/** Finds tokens by their secrets, and notes that they are used. */
export interface TokenKeeper {
  /**
   * The token that has a secret, of whatever tenant, revoked and expired ones included. That a valid one is used is
   * written a little later, to the minute.
   */
  find(secret: string): Promise<TokenRecord | undefined>;
}

const MINUTE_MS = 60_000;
/** Notes of uses that are written at a time; beyond that the next look-up writes it. */
const MAX_NOTES = 64;

/** Makes the keeper of a table of tokens. */
export function createTokenKeeper(tokens: TokenTable, log: Pick<Logger, 'warn'>, nowMs: () => number): TokenKeeper {
  const noting = new Set<string>();

  function noteUse(token: TokenRecord, now: number): void {
    const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const { tokenId, lastUseTime = 0 } = token;
    if (lastUseTime >= minute || noting.size >= MAX_NOTES || noting.has(tokenId)) return;
    noting.add(tokenId);
    // Whoever changes the row meanwhile wins: the next look-up notes the use again.
    tokens
      .replace(rowFromToken({ ...token, lastUseTime: minute }))
      .catch((error: unknown) => log.warn({ err: error, tokenId }, 'the use of a token could not be noted'))
      .finally(() => noting.delete(tokenId));
  }

  return {
    find: async (secret) => {
      const row = await tokens.readBySecretHash(hashSecret(secret));
      if (row === undefined) return undefined;
      const token = tokenFromRow(row);
      const now = nowMs();
      if (isValidAt(token, now)) noteUse(token, now);
      return token;
    },
  };
}
