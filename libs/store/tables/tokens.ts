import type { Page, PageRequest } from './page.ts';
import type { Versioned, VersionedTable } from './versioned.ts';

/** Names a token. */
export interface TokenKey {
  readonly tenantId: string;
  readonly tokenId: string;
}

/** A token; the secret itself is nowhere. */
export interface TokenRow extends TokenKey, Versioned {
  /** SHA-256 of the secret in hex; unique over all tenants. */
  readonly secretHash: string;
  readonly createTime: number;
  readonly body: Uint8Array;
}

/** Tokens. */
export interface TokenTable extends VersionedTable<TokenKey, TokenRow> {
  /** Of whatever tenant: who presents a secret says nothing else. */
  readBySecretHash(secretHash: string): Promise<TokenRow | undefined>;
  /** Newest first, then by id. */
  list(tenantId: string, page: PageRequest): Promise<Page<TokenRow>>;
}
