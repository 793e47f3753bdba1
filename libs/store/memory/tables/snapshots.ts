import { SNAPSHOT_RUN_ORDER } from '#libs/store/tables/list-order.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import type { OwnedRows } from '#libs/store/tables/row-writer.ts';
import type { SnapshotRow, SnapshotTable } from '#libs/store/tables/snapshots.ts';
import { createGuardedRows } from './guarded-rows.ts';
import { createIncarnationRows } from './incarnation-rows.ts';
import type { IncarnationPart, OwnedWriter } from './owned-rows.ts';
import { readPageOf } from './pages.ts';

/** The snapshots, and what writes them. */
export interface Snapshots {
  readonly table: SnapshotTable;
  readonly writer: OwnedWriter<'snapshots'>;
  readonly ofIncarnation: IncarnationPart;
}

/** Makes an empty table of snapshots. */
export function createSnapshots(): Snapshots {
  const rows = createGuardedRows<SnapshotRow, OwnedRows['snapshots']['key']>(
    (key) => [key.tenantId, key.runId, key.incarnation, key.version],
    slotOfRun,
  );
  const newestFirst = createIncarnationRows(rows, (a, b) => b.version - a.version);
  const table: SnapshotTable = {
    readSnapshot: async (key, atVersion = Number.MAX_SAFE_INTEGER) =>
      newestFirst.of(key, (row) => row.version > atVersion).next().value ?? undefined,
    listSnapshotVersions: async (key) =>
      newestFirst
        .of(key)
        .map((row) => row.version)
        .toArray(),
    listSnapshotRuns: async (tenantId, page) => {
      const ofTenant = Iterator.from(rows.rows()).filter((row) => row.tenantId === tenantId);
      return readPageOf(SNAPSHOT_RUN_ORDER, { tenantId, filter: {} }, page, new Set(ofTenant.map((row) => row.runId)));
    },
  };
  return { table, writer: rows, ofIncarnation: newestFirst };
}
