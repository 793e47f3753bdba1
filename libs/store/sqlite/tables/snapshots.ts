import { SNAPSHOT_RUN_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import type { OwnedRows } from '#libs/store/tables/row-writer.ts';
import type { SnapshotRow, SnapshotTable } from '#libs/store/tables/snapshots.ts';
import { bytes, number, text } from './columns.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import { INCARNATION_COLUMNS, incarnationValues, OF_INCARNATION } from './incarnation-rows.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

/** Makes the readers of snapshots. */
export function createSnapshots(file: TablesFile): SnapshotTable {
  const newest = file.prepare(`
    SELECT tenant_id, run_id, incarnation, version, body FROM snapshots
    WHERE ${OF_INCARNATION} AND version <= ? ORDER BY version DESC LIMIT 1`);
  const versions = file.prepare(`SELECT version FROM snapshots WHERE ${OF_INCARNATION} ORDER BY version DESC`);
  const nextRun = file.prepare(`
    SELECT run_id FROM snapshots WHERE tenant_id = ? AND run_id > ? AND deleted_time IS NULL ORDER BY run_id LIMIT 1`);

  /** One look-up a run, however many snapshots it has. */
  function* runsAfter(tenantId: string, runId: string): Generator<string, void> {
    for (let next = nextRun.get(tenantId, runId); next !== undefined; next = nextRun.get(tenantId, runId)) {
      runId = text(next, 'run_id');
      yield runId;
    }
  }

  return {
    async readSnapshot(key, atVersion = Number.MAX_SAFE_INTEGER) {
      const row = newest.get(...incarnationValues(key), atVersion);
      return row && snapshotFromSql(row);
    },
    listSnapshotVersions: async (key) => versions.all(...incarnationValues(key)).map((row) => number(row, 'version')),
    listSnapshotRuns: async (tenantId, page) =>
      readPage(SNAPSHOT_RUN_ORDER, { tenantId, filter: {} }, page, ({ after: [runId] = [''], skip, take }) =>
        runsAfter(tenantId, runId).drop(skip).take(take).toArray(),
      ),
  };
}

/** Makes the writes of snapshots. */
export function createSnapshotWriter(file: TablesFile): GuardedRows<SnapshotRow, OwnedRows['snapshots']['key']> {
  return createGuardedRows<SnapshotRow, OwnedRows['snapshots']['key']>(file, {
    table: 'snapshots',
    keyColumns: [...INCARNATION_COLUMNS, 'version'],
    keyOf: (key) => [...incarnationValues(key), key.version],
    columns: ['body'],
    valuesOf: (row) => [row.body],
  });
}

function snapshotFromSql(row: SqlRow): SnapshotRow {
  return {
    tenantId: text(row, 'tenant_id'),
    runId: text(row, 'run_id'),
    incarnation: text(row, 'incarnation'),
    version: number(row, 'version'),
    body: bytes(row, 'body'),
  };
}
