import type { ItemKey, ItemRow, ItemTable, ReadyList } from '#libs/store/tables/items.ts';
import { isInSlots, slotOfItem } from '#libs/store/tables/row-slots.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import { compareItems } from './compare-keys.ts';
import { createGuardedRows, type Entry } from './guarded-rows.ts';
import { createIncarnationRows } from './incarnation-rows.ts';
import type { IncarnationPart, OwnedWriter } from './owned-rows.ts';
import { takeBefore } from './take-due.ts';

/** The work items, and what writes them. */
export interface Items {
  readonly table: ItemTable;
  readonly writer: OwnedWriter<'items'>;
  readonly ofIncarnation: IncarnationPart;
}

/** Makes an empty table of items. */
export function createItems(): Items {
  const rows = createGuardedRows<ItemRow, ItemKey>(
    (key) => [key.tenantId, key.runId, key.incarnation, key.itemId],
    slotOfItem,
  );
  const byRun = createIncarnationRows(rows, (a, b) => compareText(a.itemId, b.itemId));
  const ready = rows.view((row) => row.state.kind === 'ready', compareReady);
  const byDueTime = rows.view(
    (row) => dueTimeOf(row) !== Number.POSITIVE_INFINITY,
    (a, b) => dueTimeOf(a.row) - dueTimeOf(b.row) || compareItems(a, b),
  );

  const table: ItemTable = {
    readItem: async (key) => rows.read(key),
    itemsOfRun: async (key, limit) => byRun.of(key).take(limit).toArray(),
    async readyLists(slots, limit, after) {
      const lists: ReadyList[] = [];
      for (const { row, slot } of ready.from((entry) => after !== undefined && compareLists(entry.row, after) <= 0)) {
        const last = lists.at(-1);
        if (!isInSlots(slots, slot) || (last !== undefined && compareLists(last, row) === 0)) {
          continue;
        }
        if (lists.length === limit) {
          break;
        }
        lists.push({ tenantId: row.tenantId, queue: row.queue, tagSet: row.tagSet, priority: row.priority });
      }
      return lists;
    },
    async readyHead(slots, list, limit, after) {
      const place = after && {
        slot: slotOfItem(after),
        row: { ...after, ...list, state: { kind: 'ready', since: after.since } as const },
      };
      const items: ItemRow[] = [];
      for (const { row, slot } of ready.from((entry) =>
        place === undefined ? compareLists(entry.row, list) < 0 : compareReady(entry, place) <= 0,
      )) {
        if (items.length === limit || compareLists(row, list) !== 0) {
          break;
        }
        if (isInSlots(slots, slot)) {
          items.push(row);
        }
      }
      return items;
    },
    itemsDueBefore: async (slots, time, limit) => takeBefore(byDueTime, dueTimeOf, slots, time, limit),
    async countItems(tenantId, queue) {
      const counts = { ready: 0, waiting: 0, leased: 0 };
      for (const row of rows.rows()) {
        if (row.tenantId === tenantId && row.queue === queue) {
          counts[row.state.kind] += 1;
        }
      }
      return counts;
    },
  };
  return { table, writer: rows, ofIncarnation: byRun };
}

type Placed = Entry<ItemKey & ReadyList & Pick<ItemRow, 'state'>>;

function compareLists(a: ReadyList, b: ReadyList): number {
  return (
    compareText(a.tenantId, b.tenantId) ||
    compareText(a.queue, b.queue) ||
    compareText(a.tagSet, b.tagSet) ||
    a.priority - b.priority
  );
}

function compareReady(a: Placed, b: Placed): number {
  return compareLists(a.row, b.row) || sinceOf(a.row) - sinceOf(b.row) || compareItems(a, b);
}

function sinceOf({ state }: Pick<ItemRow, 'state'>): number {
  return state.kind === 'ready' ? state.since : 0;
}

function dueTimeOf({ state }: Pick<ItemRow, 'state'>): number {
  return state.kind === 'ready' ? Number.POSITIVE_INFINITY : (state.until ?? Number.POSITIVE_INFINITY);
}
