import type { OutboxKey, OutboxRow, OutboxTable } from '#libs/store/tables/outbox.ts';
import { createGuardedRows } from './guarded-rows.ts';
import type { OwnedWriter } from './owned-rows.ts';

/** The messages between partitions, and what writes them. */
export interface Outbox {
  readonly table: OutboxTable;
  readonly writer: OwnedWriter<'outbox'>;
}

/** Makes an empty outbox. */
export function createOutbox(): Outbox {
  const rows = createGuardedRows<OutboxRow, OutboxKey>(
    (key) => [key.sourcePartition, key.targetPartition, key.number],
    // It belongs to a partition, not to a run.
    () => 0,
  );
  const inOrder = rows.view(
    () => true,
    (a, b) => a.row.sourcePartition - b.row.sourcePartition || compareMessages(a.row, b.row),
  );
  const table: OutboxTable = {
    readOutbox: async (sourcePartition, limit, after) =>
      inOrder
        .from(
          ({ row }) =>
            row.sourcePartition < sourcePartition ||
            (row.sourcePartition === sourcePartition && after !== undefined && compareMessages(row, after) <= 0),
        )
        .take(limit)
        .map(({ row }) => row)
        .filter((row) => row.sourcePartition === sourcePartition)
        .toArray(),
  };
  return { table, writer: rows };
}

function compareMessages(a: OutboxKey, b: OutboxKey): number {
  return a.targetPartition - b.targetPartition || a.number - b.number;
}
