import { SIGNING_KEY_ORDER } from '#libs/store/tables/list-order.ts';
import type { SigningKeyKey, SigningKeyRow, SigningKeyTable } from '#libs/store/tables/packages.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import { endOf, idFromParts, idsFrom } from './row-id.ts';
import type { TablesContext } from './tables-context.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** The collection of signing keys. */
export const SIGNING_KEY_COLLECTION = 'signing_keys';

/** Opens the table of signing keys. */
export function createSigningKeys(context: TablesContext): SigningKeyTable {
  const { table, rows } = createVersionedRows<SigningKeyKey, SigningKeyRow>(context, {
    collection: SIGNING_KEY_COLLECTION,
    keyOf: (row) => row,
    idOf: (key) => idFromParts(key.tenantId, key.keyId),
  });
  return {
    ...table,
    list: (tenantId, page) =>
      readPage(SIGNING_KEY_ORDER, { tenantId, filter: {} }, page, ({ after, skip, take }) => {
        const all = idsFrom(idFromParts(tenantId));
        const $gte = after === undefined ? all.$gte : endOf(idFromParts(tenantId, ...after));
        return rows.find({ _id: { ...all, $gte } }, { sort: { _id: 1 }, skip, limit: take });
      }),
  };
}
