import type { PartitionLeaseRow, PartitionLeaseTable } from '#libs/store/tables/leases.ts';
import { idFromParts } from './row-id.ts';
import type { TablesContext } from './tables-context.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** The collection of partition leases. */
export const LEASE_COLLECTION = 'leases';

/** More leases than there are partitions. */
const MAX_LEASES = 100_000;

/** Opens the table of partition leases. */
export function createLeases(context: TablesContext): PartitionLeaseTable {
  const { table, rows } = createVersionedRows<number, PartitionLeaseRow>(context, {
    collection: LEASE_COLLECTION,
    keyOf: (row) => row.partition,
    idOf: idFromParts,
  });
  return { ...table, list: () => rows.find({}, { sort: { _id: 1 }, limit: MAX_LEASES }) };
}
