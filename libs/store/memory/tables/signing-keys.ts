import { SIGNING_KEY_ORDER } from '#libs/store/tables/list-order.ts';
import type { SigningKeyKey, SigningKeyRow, SigningKeyTable } from '#libs/store/tables/packages.ts';
import { readPageOf } from './pages.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** Makes an empty table of signing keys. */
export function createSigningKeys(): SigningKeyTable {
  const { table, rows } = createVersionedRows<SigningKeyKey, SigningKeyRow>({
    name: 'signing_keys',
    keyOf: (row) => row,
    partsOf: (key) => [key.tenantId, key.keyId],
  });
  return {
    ...table,
    list: async (tenantId, page) =>
      readPageOf(
        SIGNING_KEY_ORDER,
        { tenantId, filter: {} },
        page,
        rows().filter((row) => row.tenantId === tenantId),
      ),
  };
}
