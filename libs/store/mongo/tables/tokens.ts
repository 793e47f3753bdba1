import { TOKEN_ORDER } from '#libs/store/tables/list-order.ts';
import type { TokenKey, TokenRow, TokenTable } from '#libs/store/tables/tokens.ts';
import { readPageOf } from './pages.ts';
import { idFromParts } from './row-id.ts';
import type { TablesContext } from './tables-context.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** The collection of tokens. */
export const TOKEN_COLLECTION = 'tokens';

const LIST = { order: TOKEN_ORDER, fields: ['createTime', 'tokenId'] } as const;

/** Opens the table of tokens. */
export function createTokens(context: TablesContext): TokenTable {
  const { table, rows } = createVersionedRows<TokenKey, TokenRow>(context, {
    collection: TOKEN_COLLECTION,
    keyOf: (row) => row,
    idOf: (key) => idFromParts(key.tenantId, key.tokenId),
  });
  return {
    ...table,
    async readBySecretHash(secretHash) {
      const [row] = await rows.find({ secretHash }, { sort: { _id: 1 }, limit: 1 });
      return row;
    },
    list: (tenantId, page) => readPageOf(rows, LIST, { tenantId, filter: {} }, page, { tenantId }),
  };
}
