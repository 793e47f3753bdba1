import { SIGNING_KEY_ORDER } from '#libs/store/tables/list-order.ts';
import type { SigningKeyKey, SigningKeyRow, SigningKeyTable } from '#libs/store/tables/packages.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number, text } from './columns.ts';
import { columnsOf, createVersionedRows, type VersionedSpec } from './versioned-rows.ts';

const SPEC: VersionedSpec<SigningKeyKey, SigningKeyRow> = {
  table: 'signing_keys',
  keyColumns: ['tenant_id', 'key_id'],
  keyValues: (key) => [key.tenantId, key.keyId],
  keyOf: (row) => row,
  columns: ['create_time', 'body'],
  valuesOf: (row) => [row.createTime, row.body],
  fromSql: (row) => ({
    tenantId: text(row, 'tenant_id'),
    keyId: text(row, 'key_id'),
    revision: number(row, 'revision'),
    createTime: number(row, 'create_time'),
    body: bytes(row, 'body'),
  }),
};

/** Makes the table of signing keys. */
export function createSigningKeys(file: WritableFile): SigningKeyTable {
  const list = file.prepare(`SELECT ${columnsOf(SPEC)} FROM signing_keys
    WHERE tenant_id = ? AND key_id > ? ORDER BY key_id LIMIT ? OFFSET ?`);
  return {
    ...createVersionedRows(file, SPEC),
    list: async (tenantId, page) =>
      readPage(SIGNING_KEY_ORDER, { tenantId, filter: {} }, page, ({ after: [keyId] = [''], skip, take }) =>
        list.all(tenantId, keyId, take, skip).map(SPEC.fromSql),
      ),
  };
}
