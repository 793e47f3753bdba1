import type { MemberRow, MemberTable } from '#libs/store/tables/members.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number, text } from './columns.ts';
import { columnsOf, createVersionedRows, type VersionedSpec } from './versioned-rows.ts';

const SPEC: VersionedSpec<string, MemberRow> = {
  table: 'members',
  keyColumns: ['node_id'],
  keyValues: (nodeId) => [nodeId],
  keyOf: (row) => row.nodeId,
  columns: ['body'],
  valuesOf: (row) => [row.body],
  fromSql: (row) => ({
    nodeId: text(row, 'node_id'),
    revision: number(row, 'revision'),
    body: bytes(row, 'body'),
  }),
};

/** Makes the table of members. */
export function createMembers(file: WritableFile): MemberTable {
  const list = file.prepare(`SELECT ${columnsOf(SPEC)} FROM members WHERE node_id >= '' ORDER BY node_id`);
  return {
    ...createVersionedRows(file, SPEC),
    list: async () => list.all().map(SPEC.fromSql),
  };
}
