import { DomainError } from '#libs/errors/domain-error.ts';
import type { ItemRow, ItemState, ItemTable, ReadyList } from '#libs/store/tables/items.ts';
import { slotOfItem } from '#libs/store/tables/row-slots.ts';
import { bytes, maybeNumber, number, text } from './columns.ts';
import { createReadDue } from './due-rows.ts';
import { incarnationValues, OF_INCARNATION } from './incarnation-rows.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

const COLUMNS = `tenant_id, run_id, incarnation, item_id, queue, tag_set, priority, state, ready_since, due_time, body`;
/** Come before every list, and before every item of one. */
const FIRST_LIST: ReadyList = { tenantId: '', queue: '', tagSet: '', priority: 0 };
const BEFORE_ALL = -Number.MAX_SAFE_INTEGER;
const AFTER_ALL = Number.MAX_SAFE_INTEGER;

/** Makes the readers of items. */
export function createItems(file: TablesFile): ItemTable {
  const one = file.prepare(`SELECT ${COLUMNS} FROM items
    WHERE slot = ? AND tenant_id = ? AND run_id = ? AND incarnation = ? AND item_id = ? AND deleted_time IS NULL`);
  const ofRun = file.prepare(`SELECT ${COLUMNS} FROM items WHERE ${OF_INCARNATION} ORDER BY item_id LIMIT ?`);
  // A place behind all items of a list, because SQLite looks at all rows that are equal in what a comparison names. The
  // pluses keep it from looking by slot first and sorting then.
  const nextList = file.prepare(`SELECT tenant_id, queue, tag_set, priority FROM items
    WHERE ready_since IS NOT NULL AND (tenant_id, queue, tag_set, priority, ready_since) > (?, ?, ?, ?, ?)
      AND +slot >= ? AND +slot < ?
    ORDER BY tenant_id, queue, tag_set, priority LIMIT 1`);
  const ready = file.prepare(`SELECT ${COLUMNS} FROM items
    WHERE ready_since IS NOT NULL AND tenant_id = ? AND queue = ? AND tag_set = ? AND priority = ?
      AND (ready_since, slot, run_id, incarnation, item_id) > (?, ?, ?, ?, ?) AND +slot >= ? AND +slot < ?
    ORDER BY ready_since, slot, run_id, incarnation, item_id LIMIT ?`);
  const due = createReadDue(file, {
    table: 'items',
    timeColumn: 'due_time',
    keyColumns: 'tenant_id, run_id, incarnation, item_id',
    columns: COLUMNS,
  });
  const counts = file.prepare('SELECT state, count FROM item_counts WHERE tenant_id = ? AND queue = ?');

  return {
    async readItem(key) {
      const row = one.get(slotOfItem(key), key.tenantId, key.runId, key.incarnation, key.itemId);
      return row && itemFromSql(row);
    },
    itemsOfRun: async (key, limit) =>
      key.runId === '' ? [] : ofRun.all(...incarnationValues(key), limit).map(itemFromSql),
    async readyLists(slots, limit, after = FIRST_LIST) {
      const lists: ReadyList[] = [];
      // One look-up a list, however many items it has.
      for (let last = after; lists.length < limit; ) {
        const { tenantId, queue, tagSet, priority } = last;
        const row = nextList.get(tenantId, queue, tagSet, priority, AFTER_ALL, slots.from, slots.to);
        if (row === undefined) {
          break;
        }
        last = listFromSql(row);
        lists.push(last);
      }
      return lists;
    },
    async readyHead(slots, { tenantId, queue, tagSet, priority }, limit, after) {
      const place =
        after === undefined
          ? [BEFORE_ALL, 0, '', '', '']
          : [after.since, slotOfItem(after), after.runId, after.incarnation, after.itemId];
      return ready.all(tenantId, queue, tagSet, priority, ...place, slots.from, slots.to, limit).map(itemFromSql);
    },
    itemsDueBefore: async (slots, time, limit) => due(slots, time, limit).map(itemFromSql),
    async countItems(tenantId, queue) {
      const found = counts.all(tenantId, queue).map((row) => [text(row, 'state'), number(row, 'count')]);
      return { ready: 0, waiting: 0, leased: 0, ...Object.fromEntries(found) };
    },
  };
}

function listFromSql(row: SqlRow): ReadyList {
  return {
    tenantId: text(row, 'tenant_id'),
    queue: text(row, 'queue'),
    tagSet: text(row, 'tag_set'),
    priority: number(row, 'priority'),
  };
}

function itemFromSql(row: SqlRow): ItemRow {
  return {
    tenantId: text(row, 'tenant_id'),
    runId: text(row, 'run_id'),
    incarnation: text(row, 'incarnation'),
    itemId: text(row, 'item_id'),
    queue: text(row, 'queue'),
    tagSet: text(row, 'tag_set'),
    priority: number(row, 'priority'),
    state: stateFromSql(row),
    body: bytes(row, 'body'),
  };
}

function stateFromSql(row: SqlRow): ItemState {
  const kind = text(row, 'state');
  switch (kind) {
    case 'ready':
      return { kind, since: number(row, 'ready_since') };
    case 'waiting':
      return { kind, until: number(row, 'due_time') };
    case 'leased':
      return { kind, until: maybeNumber(row, 'due_time') };
    default:
      throw new DomainError('DATA_CORRUPTION', `an item is stored in the unknown state ${kind}`);
  }
}
