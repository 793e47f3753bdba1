import { expect, test } from 'vitest';
import { ALL_SLOTS, SLOT_COUNT, type SlotRange, slotOf } from '#libs/store/slots.ts';
import type { ItemRow, ListCursor, ReadyList } from '#libs/store/tables/items.ts';
import { AWKWARD_IDS } from './awkward-ids.ts';
import { freeItemRow, itemRow, RUN, write } from './rows.ts';
import type { CurrentTables } from './tables-store.ts';

const LIST: ReadyList = { tenantId: 'tenant', queue: 'default', tagSet: '', priority: 3 };

function cursorOf(row: ItemRow): ListCursor {
  const { tenantId, runId, incarnation, itemId, state } = row;
  return { tenantId, runId, incarnation, itemId, since: state.kind === 'ready' ? state.since : 0 };
}

function slotOfRow(row: ItemRow): number {
  return slotOf(row.tenantId, row.runId === '' ? row.itemId : row.runId);
}

/** Ready lists, due items and counts. */
export function itemReads(current: CurrentTables): void {
  async function put(position: number, ...rows: readonly ItemRow[]): Promise<void> {
    await write(current(), position, ...rows.map((row) => ({ table: 'items', put: row }) as const));
  }

  test('an item is read in every state', async () => {
    const states: readonly ItemRow['state'][] = [
      { kind: 'ready', since: 0 },
      { kind: 'waiting', until: 0 },
      { kind: 'leased', until: 1 },
      { kind: 'leased', until: undefined },
    ];
    for (const [index, state] of states.entries()) {
      await put(index + 1, itemRow({ state }), freeItemRow('free', { state }));
      expect(await current().state.readItem(itemRow())).toEqual(itemRow({ state }));
      expect(await current().state.readItem(freeItemRow('free'))).toEqual(freeItemRow('free', { state }));
    }
  });

  test('items of an incarnation are in order of id, and free ones are of none', async () => {
    const { state } = current();
    await put(1, ...AWKWARD_IDS.toReversed().map((itemId) => itemRow({ itemId })), freeItemRow('free'));
    await put(1, itemRow({ incarnation: '0190-2' }), itemRow({ tenantId: 'other' }), itemRow({ runId: 'other' }));
    expect((await state.itemsOfRun(RUN, 100)).map(({ itemId }) => itemId)).toEqual(AWKWARD_IDS);
    expect((await state.itemsOfRun(RUN, 3)).map(({ itemId }) => itemId)).toEqual(AWKWARD_IDS.slice(0, 3));
    expect(await state.itemsOfRun({ ...RUN, incarnation: '' }, 3)).toEqual([]);
    expect(await state.itemsOfRun({ ...RUN, runId: '', incarnation: '' }, 3)).toEqual([]);
  });

  test('ready lists are those that have a ready item, once each and in order', async () => {
    const { state } = current();
    const lists: readonly ReadyList[] = [
      { ...LIST, tenantId: 'a', queue: 'z', priority: 9 },
      { ...LIST, queue: '', tagSet: '' },
      { ...LIST, tagSet: '', priority: -1 },
      { ...LIST, tagSet: '', priority: 1 },
      { ...LIST, tagSet: 'cpu', priority: 1 },
      { ...LIST, tagSet: 'cpu,gpu', priority: 1 },
      { ...LIST, tagSet: 'cpu/gpu', priority: 1 },
      { ...LIST, queue: 'default/x', priority: 1 },
      { ...LIST, queue: '日本', priority: 1 },
      { ...LIST, queue: '\ue000', priority: 1 },
      { ...LIST, queue: '😀', priority: 1 },
    ];
    await put(
      1,
      ...lists
        .toReversed()
        .flatMap((list, index) =>
          [1, 2, 3].map((since) => freeItemRow(`item-${index}-${since}`, { ...list, state: { kind: 'ready', since } })),
        ),
      freeItemRow('waiting', { queue: 'waiting', state: { kind: 'waiting', until: 1 } }),
      freeItemRow('leased', { queue: 'leased', state: { kind: 'leased', until: undefined } }),
    );
    expect(await state.readyLists(ALL_SLOTS, 100)).toEqual(lists);
    expect(await state.readyLists(ALL_SLOTS, 4)).toEqual(lists.slice(0, 4));
    expect(await state.readyLists(ALL_SLOTS, 4, lists[3])).toEqual(lists.slice(4, 8));
    expect(await state.readyLists(ALL_SLOTS, 4, { ...LIST, tagSet: 'cpu', priority: 2 })).toEqual(lists.slice(5, 9));
    expect(await state.readyLists(ALL_SLOTS, 4, lists.at(-1))).toEqual([]);
    expect(await state.readyLists({ from: 7, to: 7 }, 4)).toEqual([]);
    // A list whose last ready item is taken is one no more.
    await put(
      2,
      ...[1, 2, 3].map((since) =>
        freeItemRow(`item-10-${since}`, { ...lists[0], state: { kind: 'leased', until: 5 } }),
      ),
    );
    expect(await state.readyLists(ALL_SLOTS, 100)).toEqual(lists.slice(1));
  });

  test('ready lists of some slots leave out those of others', async () => {
    const rows = Array.from({ length: 40 }, (_, index) =>
      freeItemRow(`item-${index}`, { queue: `queue-${index % 8}` }),
    );
    await put(1, ...rows);
    for (const slots of [
      { from: 0, to: 100 },
      { from: 100, to: 500 },
      { from: 500, to: 1_024 },
    ]) {
      const inside = rows.filter((row) => slotOfRow(row) >= slots.from && slotOfRow(row) < slots.to);
      const queues = [...new Set(inside.map(({ queue }) => queue))].toSorted();
      expect((await current().state.readyLists(slots, 100)).map(({ queue }) => queue)).toEqual(queues);
      const head = await current().state.readyHead(slots, { ...LIST, queue: queues[0] ?? '' }, 100);
      expect(head.map(({ itemId }) => itemId).toSorted()).toEqual(
        inside
          .filter(({ queue }) => queue === queues[0])
          .map(({ itemId }) => itemId)
          .toSorted(),
      );
    }
  });

  test('a range of slots begins with its first and ends before its last', async () => {
    const { state } = current();
    const ready = freeItemRow('ready');
    const waiting = freeItemRow('waiting', { state: { kind: 'waiting', until: 1 } });
    await put(1, ready, waiting);
    const found = async (row: ItemRow, slots: SlotRange): Promise<number> =>
      row === waiting
        ? (await state.itemsDueBefore(slots, 2, 10)).length
        : (await state.readyLists(slots, 10)).length + (await state.readyHead(slots, LIST, 10)).length;
    for (const [row, all] of [
      [ready, 2],
      [waiting, 1],
    ] as const) {
      const slot = slotOfRow(row);
      expect(await found(row, { from: slot, to: slot + 1 })).toBe(all);
      expect(await found(row, { from: 0, to: slot })).toBe(0);
      expect(await found(row, { from: slot + 1, to: SLOT_COUNT })).toBe(0);
    }
  });

  test('the head of a list is what was ready longest, then by key, from a place on', async () => {
    const { state } = current();
    const rows = Array.from({ length: 30 }, (_, index) =>
      index % 2 === 0
        ? freeItemRow(`item-${index}`, { state: { kind: 'ready', since: Math.floor(index / 10) } })
        : itemRow({
            runId: `run-${index % 3}`,
            itemId: `item-${index}`,
            state: { kind: 'ready', since: Math.floor(index / 10) },
          }),
    );
    await put(1, ...rows, freeItemRow('other', { tagSet: 'gpu', state: { kind: 'ready', since: 0 } }));
    await put(
      1,
      freeItemRow('waiting', { state: { kind: 'waiting', until: 0 } }),
      freeItemRow('more', { priority: 4 }),
    );
    const sinceOf = (row: ItemRow): number => cursorOf(row).since;
    const expected = rows.toSorted(
      (a, b) =>
        sinceOf(a) - sinceOf(b) ||
        slotOfRow(a) - slotOfRow(b) ||
        (a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : a.itemId < b.itemId ? -1 : 1),
    );
    expect(await state.readyHead(ALL_SLOTS, LIST, 100)).toEqual(expected);
    const seen: ItemRow[] = [];
    for (let last: ItemRow | undefined; ; last = seen.at(-1)) {
      const page = await state.readyHead(ALL_SLOTS, LIST, 7, last && cursorOf(last));
      seen.push(...page);
      if (page.length < 7) {
        break;
      }
    }
    expect(seen).toEqual(expected);
    expect(await state.readyHead(ALL_SLOTS, { ...LIST, queue: 'none' }, 7)).toEqual([]);
    // A place whose item is gone is still a place.
    const taken = expected[3] ?? itemRow();
    await write(current(), 2, { table: 'items', delete: taken });
    expect(await state.readyHead(ALL_SLOTS, LIST, 2, cursorOf(taken))).toEqual(expected.slice(4, 6));
  });

  test('items are due whose wait or lease ends before a time', async () => {
    const { state } = current();
    const waiting = freeItemRow('waiting', { state: { kind: 'waiting', until: 20 } });
    const leased = freeItemRow('leased', { state: { kind: 'leased', until: 10 } });
    const later = freeItemRow('later', { state: { kind: 'waiting', until: 30 } });
    await put(1, later, waiting, leased, freeItemRow('ready', { state: { kind: 'ready', since: 1 } }));
    await put(1, freeItemRow('forever', { state: { kind: 'leased', until: undefined } }));
    expect(await state.itemsDueBefore(ALL_SLOTS, 30, 10)).toEqual([leased, waiting]);
    expect(await state.itemsDueBefore(ALL_SLOTS, 31, 2)).toEqual([leased, waiting]);
    expect(await state.itemsDueBefore(ALL_SLOTS, 10, 10)).toEqual([]);
    const slot = slotOfRow(waiting);
    expect(await state.itemsDueBefore({ from: slot, to: slot + 1 }, 1_000, 10)).toEqual([waiting]);
    await put(2, freeItemRow('leased', { state: { kind: 'ready', since: 40 } }));
    await write(current(), 2, { table: 'items', delete: waiting });
    expect(await state.itemsDueBefore(ALL_SLOTS, 1_000, 10)).toEqual([later]);
  });

  test('items are counted by state, whatever became of them', async () => {
    const { state } = current();
    expect(await state.countItems('tenant', 'default')).toEqual({ ready: 0, waiting: 0, leased: 0 });
    const rows = Array.from({ length: 9 }, (_, index) => freeItemRow(`item-${index}`));
    await put(1, ...rows, freeItemRow('a', { queue: 'other' }), freeItemRow('a', { tenantId: 'other' }));
    await put(2, ...rows.slice(0, 4).map((row) => ({ ...row, state: { kind: 'leased', until: undefined } }) as const));
    await put(1, ...rows.slice(0, 4).map((row) => ({ ...row, state: { kind: 'waiting', until: 1 } }) as const));
    await put(3, { ...itemRow(), ...rows[0], state: { kind: 'waiting', until: 5 } });
    await write(current(), 4, ...rows.slice(3, 6).map((row) => ({ table: 'items', delete: row }) as const));
    await put(5, { ...itemRow(), ...rows[6], queue: 'other' });
    expect(await state.countItems('tenant', 'default')).toEqual({ ready: 2, waiting: 1, leased: 2 });
    expect(await state.countItems('tenant', 'other')).toEqual({ ready: 2, waiting: 0, leased: 0 });
    expect(await state.countItems('other', 'default')).toEqual({ ready: 1, waiting: 0, leased: 0 });
  });
}
