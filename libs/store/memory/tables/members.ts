import type { MemberRow, MemberTable } from '#libs/store/tables/members.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** Makes an empty table of members. */
export function createMembers(): MemberTable {
  const { table, rows } = createVersionedRows<string, MemberRow>({
    name: 'members',
    keyOf: (row) => row.nodeId,
    partsOf: (nodeId) => [nodeId],
  });
  return {
    ...table,
    list: async () =>
      rows()
        .toArray()
        .sort((a, b) => compareText(a.nodeId, b.nodeId)),
  };
}
