import { PACKAGE_ORDER } from '#libs/store/tables/list-order.ts';
import type { PackageKey, PackageRow, PackageTable } from '#libs/store/tables/packages.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number, text, timeFromOrder } from './columns.ts';
import { readListRange } from './read-list-range.ts';
import { columnsOf, createVersionedRows, type VersionedSpec } from './versioned-rows.ts';

const SPEC: VersionedSpec<PackageKey, PackageRow> = {
  table: 'packages',
  keyColumns: ['tenant_id', 'name', 'version'],
  keyValues: (key) => [key.tenantId, key.name, key.version],
  keyOf: (row) => row,
  columns: ['digest', 'create_order', 'body'],
  valuesOf: (row) => [row.digest, -row.createTime, row.body],
  fromSql: (row) => ({
    tenantId: text(row, 'tenant_id'),
    name: text(row, 'name'),
    version: text(row, 'version'),
    revision: number(row, 'revision'),
    digest: text(row, 'digest'),
    createTime: timeFromOrder(row, 'create_order'),
    body: bytes(row, 'body'),
  }),
};

/** Makes the table of packages. */
export function createPackages(file: WritableFile): PackageTable {
  const byDigest = file.prepare(`SELECT ${columnsOf(SPEC)} FROM packages
    WHERE tenant_id = ? AND digest = ? ORDER BY name, version LIMIT 1`);
  return {
    ...createVersionedRows(file, SPEC),
    async readByDigest(tenantId, digest) {
      const row = byDigest.get(tenantId, digest);
      return row && SPEC.fromSql(row);
    },
    list: async (tenantId, filter, page) =>
      readPage(PACKAGE_ORDER, { tenantId, filter }, page, ({ after, skip, take }) => {
        const [name, createTime, version] = after ?? ['', Number.MAX_SAFE_INTEGER, ''];
        const rows = readListRange(file, {
          columns: columnsOf(SPEC),
          table: 'packages',
          equal: [
            ['tenant_id', tenantId],
            ['name', filter.name],
          ],
          after: [
            ['name', name],
            ['create_order', -createTime],
            ['version', version],
          ],
          take,
          skip,
        });
        return rows.map(SPEC.fromSql);
      }),
  };
}
