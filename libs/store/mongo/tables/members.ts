import type { MemberRow, MemberTable } from '#libs/store/tables/members.ts';
import { idFromParts } from './row-id.ts';
import type { TablesContext } from './tables-context.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** The collection of members. */
export const MEMBER_COLLECTION = 'members';

/** More members than a cluster has. */
const MAX_MEMBERS = 100_000;

/** Opens the table of members. */
export function createMembers(context: TablesContext): MemberTable {
  const { table, rows } = createVersionedRows<string, MemberRow>(context, {
    collection: MEMBER_COLLECTION,
    keyOf: (row) => row.nodeId,
    idOf: idFromParts,
  });
  return { ...table, list: () => rows.find({}, { sort: { _id: 1 }, limit: MAX_MEMBERS }) };
}
