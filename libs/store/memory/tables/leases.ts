import type { PartitionLeaseRow, PartitionLeaseTable } from '#libs/store/tables/leases.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** Makes an empty table of partition leases. */
export function createLeases(): PartitionLeaseTable {
  const { table, rows } = createVersionedRows<number, PartitionLeaseRow>({
    name: 'leases',
    keyOf: (row) => row.partition,
    partsOf: (partition) => [partition],
  });
  return {
    ...table,
    list: async () =>
      rows()
        .toArray()
        .sort((a, b) => a.partition - b.partition),
  };
}
