import { TOKEN_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import type { TokenKey, TokenRow, TokenTable } from '#libs/store/tables/tokens.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number, text, timeFromOrder } from './columns.ts';
import { columnsOf, createVersionedRows, type VersionedSpec } from './versioned-rows.ts';

const SPEC: VersionedSpec<TokenKey, TokenRow> = {
  table: 'tokens',
  keyColumns: ['tenant_id', 'token_id'],
  keyValues: (key) => [key.tenantId, key.tokenId],
  keyOf: (row) => row,
  columns: ['secret_hash', 'create_order', 'body'],
  valuesOf: (row) => [row.secretHash, -row.createTime, row.body],
  fromSql: (row) => ({
    tenantId: text(row, 'tenant_id'),
    tokenId: text(row, 'token_id'),
    revision: number(row, 'revision'),
    secretHash: text(row, 'secret_hash'),
    createTime: timeFromOrder(row, 'create_order'),
    body: bytes(row, 'body'),
  }),
};

/** Makes the table of tokens. */
export function createTokens(file: WritableFile): TokenTable {
  const bySecret = file.prepare(`SELECT ${columnsOf(SPEC)} FROM tokens WHERE secret_hash = ?`);
  const list = file.prepare(`SELECT ${columnsOf(SPEC)} FROM tokens
    WHERE tenant_id = ? AND (create_order, token_id) > (?, ?) ORDER BY create_order, token_id LIMIT ? OFFSET ?`);
  return {
    ...createVersionedRows(file, SPEC),
    async readBySecretHash(secretHash) {
      const row = bySecret.get(secretHash);
      return row && SPEC.fromSql(row);
    },
    list: async (tenantId, page) =>
      readPage(TOKEN_ORDER, { tenantId, filter: {} }, page, ({ after, skip, take }) => {
        const place = after === undefined ? [-Number.MAX_SAFE_INTEGER, ''] : [-after[0], after[1]];
        return list.all(tenantId, ...place, take, skip).map(SPEC.fromSql);
      }),
  };
}
