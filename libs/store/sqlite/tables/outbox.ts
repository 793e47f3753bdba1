import type { OutboxKey, OutboxRow, OutboxTable } from '#libs/store/tables/outbox.ts';
import { bytes, number } from './columns.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

/** Makes the readers of messages between partitions. */
export function createOutbox(file: TablesFile): OutboxTable {
  const list = file.prepare(`
    SELECT source_partition, target_partition, number, body FROM outbox
    WHERE source_partition = ? AND (target_partition, number) > (?, ?) AND deleted_time IS NULL
    ORDER BY target_partition, number LIMIT ?`);
  return {
    readOutbox: async (sourcePartition, limit, after) =>
      list.all(sourcePartition, after?.targetPartition ?? -1, after?.number ?? 0, limit).map(messageFromSql),
  };
}

/** Makes the writes of messages between partitions. */
export function createOutboxWriter(file: TablesFile): GuardedRows<OutboxRow, OutboxKey> {
  return createGuardedRows<OutboxRow, OutboxKey>(file, {
    table: 'outbox',
    keyColumns: ['source_partition', 'target_partition', 'number'],
    keyOf: (key) => [key.sourcePartition, key.targetPartition, key.number],
    columns: ['body'],
    valuesOf: (row) => [row.body],
  });
}

function messageFromSql(row: SqlRow): OutboxRow {
  return {
    sourcePartition: number(row, 'source_partition'),
    targetPartition: number(row, 'target_partition'),
    number: number(row, 'number'),
    body: bytes(row, 'body'),
  };
}
