import { PACKAGE_ORDER } from '#libs/store/tables/list-order.ts';
import type { PackageKey, PackageRow, PackageTable } from '#libs/store/tables/packages.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import { readPageOf } from './pages.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** Makes an empty table of packages. */
export function createPackages(): PackageTable {
  const { table, rows } = createVersionedRows<PackageKey, PackageRow>({
    name: 'packages',
    keyOf: (row) => row,
    partsOf: (key) => [key.tenantId, key.name, key.version],
  });
  return {
    ...table,
    readByDigest: async (tenantId, digest) =>
      rows()
        .filter((row) => row.tenantId === tenantId && row.digest === digest)
        .toArray()
        .sort((a, b) => compareText(a.name, b.name) || compareText(a.version, b.version))[0],
    list: async (tenantId, filter, page) =>
      readPageOf(
        PACKAGE_ORDER,
        { tenantId, filter },
        page,
        rows().filter((row) => row.tenantId === tenantId && (filter.name === undefined || row.name === filter.name)),
      ),
  };
}
