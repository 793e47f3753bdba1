import type { Document } from 'mongodb';
import type { ItemKey, ItemRow, ItemState, ItemTable, ListCursor, ReadyList } from '#libs/store/tables/items.ts';
import { readFirstOfEach } from './distinct.ts';
import { dueFirst, filterDue } from './due.ts';
import { plainRowFrom } from './plain-row.ts';
import { idOfIncarnation, idOfItem, idsFrom, idsOfSlots, keyFromParts } from './row-id.ts';
import { createRows, LIVE, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';
import { readByWindows } from './windows.ts';

/**
 * Items as documents. `place` is what they are counted and listed by: state, tenant and queue, and for ready ones their
 * list; `since` orders a ready list, `dueTime` is when another state ends.
 */
export const ITEM_SPEC: RowSpec<ItemRow, ItemKey> = {
  collection: 'items',
  idOf: idOfItem,
  fieldsOf: ({ state, ...row }) => ({ ...row, place: placeOf(row, state.kind), ...fieldsOfState(state) }),
  rowFrom: (document) => ({
    ...plainRowFrom<ItemRow>(document, 'place', 'since', 'dueTime'),
    state: stateFrom(document),
  }),
};

const LETTERS = { ready: 'r', waiting: 'w', leased: 'l' } as const satisfies Record<ItemState['kind'], string>;
const LIST_FIELDS = ['tenantId', 'queue', 'tagSet', 'priority', 'place'] as const;
const READY_ORDER = { since: 1, _id: 1 } as const;

/** Opens the table of items. */
export function createItems(context: TablesContext): ItemTable {
  const rows = createRows(context, ITEM_SPEC);

  const count = (kind: ItemState['kind'], tenantId: string, queue: string): Promise<number> =>
    rows.count({ place: idsFrom(keyFromParts(LETTERS[kind], tenantId, queue)) });

  return {
    readItem: rows.read,
    itemsOfRun: async (key, limit) =>
      key.runId === '' ? [] : rows.find({ _id: idsFrom(idOfIncarnation(key)), ...LIVE }, { sort: { _id: 1 }, limit }),
    async readyLists(slots, limit, after) {
      const all = idsFrom(keyFromParts(LETTERS.ready));
      const firsts = await readFirstOfEach(
        after === undefined ? undefined : placeOf(after, 'ready'),
        limit,
        (last, chunk) =>
          rows.findFields(
            { place: last === undefined ? all : { $gt: last, $lt: all.$lt }, _id: idsOfSlots(slots) },
            LIST_FIELDS,
            { sort: { place: 1 }, limit: chunk },
          ),
        ({ place }) => place as string,
      );
      return firsts.map(({ tenantId, queue, tagSet, priority }) => ({ tenantId, queue, tagSet, priority }));
    },
    async readyHead(slots, list, limit, after) {
      const filters = [{ place: placeOf(list, 'ready') }, { _id: idsOfSlots(slots) }, ...filtersAfter(after)];
      if (context.sortsByIndex || after === undefined) {
        return await rows.find({ $and: filters }, { sort: READY_ORDER, limit });
      }
      const start = { field: 'since', direction: 'up', from: after.since, isOpen: false } as const;
      return await readByWindows(start, limit, (window, left) =>
        rows.find({ $and: [...filters, window] }, { sort: READY_ORDER, limit: left }),
      );
    },
    itemsDueBefore: (slots, time, limit) => rows.find(filterDue('dueTime', slots, time), dueFirst('dueTime', limit)),
    async countItems(tenantId, queue) {
      const [ready, waiting, leased] = await Promise.all([
        count('ready', tenantId, queue),
        count('waiting', tenantId, queue),
        count('leased', tenantId, queue),
      ]);
      return { ready, waiting, leased };
    },
  };
}

function placeOf({ tenantId, queue, tagSet, priority }: ReadyList, kind: ItemState['kind']): string {
  const beginning = keyFromParts(LETTERS[kind], tenantId, queue);
  return kind === 'ready' ? beginning + keyFromParts(tagSet, priority) : beginning;
}

function fieldsOfState(state: ItemState): Document {
  return state.kind === 'ready' ? { since: state.since } : state.until === undefined ? {} : { dueTime: state.until };
}

function stateFrom({ place, since, dueTime }: Document): ItemState {
  if (place.startsWith(LETTERS.ready)) {
    return { kind: 'ready', since };
  }
  return place.startsWith(LETTERS.leased) ? { kind: 'leased', until: dueTime } : { kind: 'waiting', until: dueTime };
}

/** What leaves the items behind a place in their list. The first condition is one that an index is entered by. */
function filtersAfter(after: ListCursor | undefined): Document[] {
  if (after === undefined) {
    return [];
  }
  const { since } = after;
  const later = [{ since: { $gt: since } }, { since, _id: { $gt: idOfItem(after) } }];
  return [{ since: { $gte: since } }, { $or: later }];
}
