import type { PartitionLeaseRow, PartitionLeaseTable } from '#libs/store/tables/leases.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number, text } from './columns.ts';
import { columnsOf, createVersionedRows, type VersionedSpec } from './versioned-rows.ts';

const SPEC: VersionedSpec<number, PartitionLeaseRow> = {
  table: 'leases',
  keyColumns: ['partition'],
  keyValues: (partition) => [partition],
  keyOf: (row) => row.partition,
  columns: ['node_id', 'epoch', 'body'],
  valuesOf: (row) => [row.nodeId, row.epoch, row.body],
  fromSql: (row) => ({
    partition: number(row, 'partition'),
    revision: number(row, 'revision'),
    nodeId: text(row, 'node_id'),
    epoch: number(row, 'epoch'),
    body: bytes(row, 'body'),
  }),
};

/** Makes the table of partition leases. */
export function createLeases(file: WritableFile): PartitionLeaseTable {
  const list = file.prepare(`SELECT ${columnsOf(SPEC)} FROM leases WHERE partition >= 0 ORDER BY partition`);
  return {
    ...createVersionedRows(file, SPEC),
    list: async () => list.all().map(SPEC.fromSql),
  };
}
