import { encodeAttributes } from '#libs/store/tables/attribute-codec.ts';
import type { HeadRow } from '#libs/store/tables/heads.ts';
import type { IncarnationKey, RunKey } from '#libs/store/tables/keys.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import type { RowStamp } from '#libs/store/tables/row-writer.ts';
import { number, text } from './columns.ts';
import type { Counters } from './counters.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import type { HeadAttributes, IndexedHead } from './head-attributes.ts';
import type { SqlRow, Statement, TablesFile, Values } from './tables-file.ts';

/** Writes of heads, which keep the counts of groups and the index of attributes. */
export interface HeadWriter extends Omit<GuardedRows<HeadRow, RunKey>, 'add'> {
  /** Puts a tombstone in place of a head that is of an incarnation, or of none. */
  deleteIncarnation(stamp: RowStamp, key: IncarnationKey): void;
}

const KEY_COLUMNS = ['slot', 'tenant_id', 'run_id'];
/** What changes between two writes of a run, and is in few indexes. */
const MOVING_COLUMNS = ['incarnation', 'close_time', 'next_wake_time', 'expire_time', 'attributes', 'body'];
/** What a run is listed by besides its start. */
const GROUP_COLUMNS = ['workflow', 'version', 'status'];
const COLUMNS = [...MOVING_COLUMNS, ...GROUP_COLUMNS, 'start_order'];

/**
 * Makes the writes of heads. A column that is set costs a change of every index that it is in, whether or not its value
 * is another: what stays as it is is not set.
 */
export function createHeadWriter(file: TablesFile, attributes: HeadAttributes, counts: Counters): HeadWriter {
  const rows = createGuardedRows<HeadRow, RunKey>(file, {
    table: 'heads',
    keyColumns: KEY_COLUMNS,
    keyOf: keyValues,
    columns: COLUMNS,
    valuesOf: (row) => [...movingValues(row), ...groupValues(row), -row.startTime],
  });
  const written = [...KEY_COLUMNS, 'position', ...COLUMNS];
  const insert = file.prepare(`
    INSERT INTO heads (${written.join(', ')}) VALUES (${written.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`);
  const update = (columns: readonly string[]): Statement =>
    file.prepare(`UPDATE heads SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`);
  const move = update(['position', ...MOVING_COLUMNS]);
  const regroup = update(['position', ...MOVING_COLUMNS, ...GROUP_COLUMNS]);
  const standing = file.prepare(`
    SELECT id, position, deleted_time, tenant_id, run_id, incarnation, start_order, attributes,
      workflow, version, status, close_time IS NULL AS is_open
    FROM heads WHERE slot = ? AND tenant_id = ? AND run_id = ?`);

  /** Brings counts and index from what stood before to what stands now, under its id. */
  function follow(before: SqlRow | undefined, row: HeadRow | undefined, id: number): void {
    const old = before?.['deleted_time'] === null ? before : undefined;
    if (old !== undefined) {
      counts.add(groupFromSql(old), -1);
    }
    if (row !== undefined) {
      counts.add(groupOf(row), 1);
    }
    attributes.replace(old && indexedFromSql(old), row && indexedHead(row, id));
  }

  function add({ position }: RowStamp, key: Values, row: HeadRow): boolean {
    const { changes, lastId } = insert.run(...key, position, ...movingValues(row), ...groupValues(row), -row.startTime);
    if (changes > 0) {
      follow(undefined, row, lastId);
    }
    return changes > 0;
  }

  function replace(stamp: RowStamp, before: SqlRow, row: HeadRow): void {
    const { position } = stamp;
    const id = number(before, 'id');
    if (before['deleted_time'] !== null || before['start_order'] !== -row.startTime) {
      rows.put(stamp, row);
    } else if (GROUP_COLUMNS.every((column) => before[column] === row[column as keyof HeadRow])) {
      move.run(position, ...movingValues(row), id);
    } else {
      regroup.run(position, ...movingValues(row), ...groupValues(row), id);
    }
    follow(before, row, id);
  }

  function remove(stamp: RowStamp, key: RunKey, before: SqlRow | undefined): boolean {
    const isDone = rows.delete(stamp, key);
    if (isDone && before !== undefined) {
      follow(before, undefined, number(before, 'id'));
    }
    return isDone;
  }

  return {
    put(stamp, row, isNew) {
      const key = keyValues(row);
      if (isNew === true && add(stamp, key, row)) {
        return true;
      }
      const before = standing.get(...key);
      if (before === undefined) {
        return add(stamp, key, row);
      }
      if (number(before, 'position') >= stamp.position) {
        return false;
      }
      replace(stamp, before, row);
      return true;
    },
    delete: (stamp, key) => remove(stamp, key, standing.get(...keyValues(key))),
    purge: (before, limit) => rows.purge(before, limit),
    deleteIncarnation(stamp, key) {
      const before = standing.get(...keyValues(key));
      if (before?.['deleted_time'] !== null || before['incarnation'] === key.incarnation) {
        remove(stamp, key, before);
      }
    },
  };
}

/** In the order of `KEY_COLUMNS`. */
function keyValues(key: RunKey): Values {
  return [slotOfRun(key), key.tenantId, key.runId];
}

/** In the order of `MOVING_COLUMNS`. */
function movingValues(row: HeadRow): Values {
  return [
    row.incarnation,
    row.closeTime ?? null,
    row.nextWakeTime ?? null,
    row.expireTime ?? null,
    encodeAttributes(row.attributes),
    row.body,
  ];
}

/** In the order of `GROUP_COLUMNS`. */
function groupValues(row: HeadRow): Values {
  return [row.workflow, row.version, row.status];
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
