import { encodeAttributes } from '#libs/store/tables/attribute-codec.ts';
import type { HeadRow } from '#libs/store/tables/heads.ts';
import type { IncarnationKey, RunKey } from '#libs/store/tables/keys.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import type { RowStamp } from '#libs/store/tables/row-writer.ts';
import { number, text } from './columns.ts';
import type { Counters } from './counters.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import type { HeadAttributes, IndexedHead } from './head-attributes.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

/** Writes of heads, which keep the counts of groups and the index of attributes. */
export interface HeadWriter extends GuardedRows<HeadRow, RunKey> {
  /** Puts a tombstone in place of a head that is of an incarnation, or of none. */
  deleteIncarnation(stamp: RowStamp, key: IncarnationKey): void;
}

/** Makes the writes of heads. */
export function createHeadWriter(file: TablesFile, attributes: HeadAttributes, counts: Counters): HeadWriter {
  const rows = createGuardedRows<HeadRow, RunKey>(file, {
    table: 'heads',
    keyColumns: ['slot', 'tenant_id', 'run_id'],
    keyOf: (key) => [slotOfRun(key), key.tenantId, key.runId],
    columns: [
      'incarnation',
      'workflow',
      'version',
      'status',
      'start_order',
      'close_time',
      'next_wake_time',
      'expire_time',
      'attributes',
      'body',
    ],
    valuesOf: (row) => [
      row.incarnation,
      row.workflow,
      row.version,
      row.status,
      -row.startTime,
      row.closeTime ?? null,
      row.nextWakeTime ?? null,
      row.expireTime ?? null,
      encodeAttributes(row.attributes),
      row.body,
    ],
  });
  const standing = file.prepare(`
    SELECT id, deleted_time, tenant_id, run_id, incarnation, start_order, attributes,
      workflow, version, status, close_time IS NULL AS is_open
    FROM heads WHERE slot = ? AND tenant_id = ? AND run_id = ?`);
  const insertedId = file.prepare('SELECT last_insert_rowid() AS id');

  /** What stands under a key: a head, a tombstone or nothing. */
  function read(key: RunKey): SqlRow | undefined {
    return standing.get(slotOfRun(key), key.tenantId, key.runId);
  }

  /** Does a write, and brings counts and index from what stood before to what stands then. */
  function follow(before: SqlRow | undefined, row: HeadRow | undefined, write: () => boolean): boolean {
    if (!write()) {
      return false;
    }
    const old = before?.['deleted_time'] === null ? before : undefined;
    if (old !== undefined) {
      counts.add(groupFromSql(old), -1);
    }
    if (row !== undefined) {
      counts.add(groupOf(row), 1);
    }
    // Ids outlive tombstones: what was not inserted now has the one that stood there.
    const now = row && indexedHead(row, number(before ?? insertedId.get() ?? {}, 'id'));
    attributes.replace(old && indexedFromSql(old), now);
    return true;
  }

  return {
    put: (stamp, row) => follow(read(row), row, () => rows.put(stamp, row)),
    delete: (stamp, key) => follow(read(key), undefined, () => rows.delete(stamp, key)),
    purge: (before, limit) => rows.purge(before, limit),
    deleteIncarnation(stamp, key) {
      const head = read(key);
      if (head?.['deleted_time'] !== null || head['incarnation'] === key.incarnation) {
        follow(head, undefined, () => rows.delete(stamp, key));
      }
    },
  };
}

/** In the order of `HEAD_COUNT_COLUMNS`. */
function groupOf(row: HeadRow): readonly (string | number)[] {
  return [row.tenantId, row.workflow, row.version, row.status, row.closeTime === undefined ? 1 : 0];
}

/** In the order of `HEAD_COUNT_COLUMNS`. */
function groupFromSql(row: SqlRow): readonly (string | number)[] {
  return [
    text(row, 'tenant_id'),
    text(row, 'workflow'),
    text(row, 'version'),
    text(row, 'status'),
    number(row, 'is_open'),
  ];
}

function indexedHead(row: HeadRow, id: number): IndexedHead {
  const { tenantId, runId, startTime } = row;
  return { id, tenantId, startOrder: -startTime, runId, attributes: encodeAttributes(row.attributes) };
}

function indexedFromSql(row: SqlRow): IndexedHead {
  return {
    id: number(row, 'id'),
    tenantId: text(row, 'tenant_id'),
    startOrder: number(row, 'start_order'),
    runId: text(row, 'run_id'),
    attributes: text(row, 'attributes'),
  };
}
