import { PACKAGE_ORDER } from '#libs/store/tables/list-order.ts';
import type { PackageKey, PackageRow, PackageTable } from '#libs/store/tables/packages.ts';
import { readPageOf } from './pages.ts';
import { idFromParts } from './row-id.ts';
import type { TablesContext } from './tables-context.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** The collection of packages. */
export const PACKAGE_COLLECTION = 'packages';

const LIST = { order: PACKAGE_ORDER, fields: ['name', 'createTime', 'version'] } as const;

/** Opens the table of packages. */
export function createPackages(context: TablesContext): PackageTable {
  const { table, rows } = createVersionedRows<PackageKey, PackageRow>(context, {
    collection: PACKAGE_COLLECTION,
    keyOf: (row) => row,
    idOf: (key) => idFromParts(key.tenantId, key.name, key.version),
  });
  return {
    ...table,
    async readByDigest(tenantId, digest) {
      const [row] = await rows.find({ tenantId, digest }, { sort: { _id: 1 }, limit: 1 });
      return row;
    },
    list: (tenantId, filter, page) => {
      const { name } = filter;
      const found = { tenantId, ...(name === undefined ? {} : { name }) };
      return readPageOf(rows, LIST, { tenantId, filter }, page, found);
    },
  };
}
