import { TOKEN_ORDER } from '#libs/store/tables/list-order.ts';
import type { TokenKey, TokenRow, TokenTable } from '#libs/store/tables/tokens.ts';
import { readPageOf } from './pages.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** Makes an empty table of tokens. */
export function createTokens(): TokenTable {
  const { table, rows } = createVersionedRows<TokenKey, TokenRow>({
    name: 'tokens',
    keyOf: (row) => row,
    partsOf: (key) => [key.tenantId, key.tokenId],
    uniqueOf: (row) => row.secretHash,
  });
  return {
    ...table,
    readBySecretHash: async (secretHash) => rows().find((row) => row.secretHash === secretHash),
    list: async (tenantId, page) =>
      readPageOf(
        TOKEN_ORDER,
        { tenantId, filter: {} },
        page,
        rows().filter((row) => row.tenantId === tenantId),
      ),
  };
}
