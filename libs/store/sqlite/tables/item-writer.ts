import type { ItemKey, ItemRow } from '#libs/store/tables/items.ts';
import { slotOfItem } from '#libs/store/tables/row-slots.ts';
import { number, text } from './columns.ts';
import type { Counters } from './counters.ts';
import { createGuardedRows, type GuardedRows } from './guarded-rows.ts';
import { INCARNATION_COLUMNS, type IncarnationRows, incarnationValues, OF_INCARNATION } from './incarnation-rows.ts';
import type { TablesFile, Values } from './tables-file.ts';

/** The columns that items are counted by. */
export const ITEM_COUNT_COLUMNS: readonly string[] = ['tenant_id', 'queue', 'state'];

/** Writes of items, which keep the counts of queues. */
export interface ItemWriter extends Omit<GuardedRows<ItemRow, ItemKey>, 'add'> {
  readonly ofIncarnation: IncarnationRows;
}

/** Makes the writes of items. */
export function createItemWriter(file: TablesFile, counts: Counters): ItemWriter {
  const rows = createGuardedRows<ItemRow, ItemKey>(file, {
    table: 'items',
    keyColumns: [...INCARNATION_COLUMNS, 'item_id'],
    keyOf: keyValues,
    columns: ['queue', 'tag_set', 'priority', 'state', 'ready_since', 'due_time', 'body'],
    valuesOf: ({ queue, tagSet, priority, state, body }) => [
      queue,
      tagSet,
      priority,
      state.kind,
      state.kind === 'ready' ? state.since : null,
      state.kind === 'ready' ? null : (state.until ?? null),
      body,
    ],
  });
  const standing = file.prepare(`SELECT queue, state FROM items
    WHERE slot = ? AND tenant_id = ? AND run_id = ? AND incarnation = ? AND item_id = ? AND deleted_time IS NULL`);
  const some = file.prepare(`SELECT id, queue, state FROM items WHERE ${OF_INCARNATION} LIMIT ?`);
  const drop = file.prepare('DELETE FROM items WHERE id = ?');

  /** Does a write, and brings the counts from what stood before to what stands then. */
  function follow(key: ItemKey, now: ItemRow | undefined, write: () => boolean): boolean {
    const old = standing.get(...keyValues(key));
    if (!write()) {
      return false;
    }
    if (old !== undefined) {
      counts.add([key.tenantId, text(old, 'queue'), text(old, 'state')], -1);
    }
    if (now !== undefined) {
      counts.add([now.tenantId, now.queue, now.state.kind], 1);
    }
    return true;
  }

  return {
    put(stamp, row) {
      // Nearly every item is new.
      if (rows.add(stamp, row)) {
        counts.add([row.tenantId, row.queue, row.state.kind], 1);
        return true;
      }
      return follow(row, row, () => rows.put(stamp, row));
    },
    delete: (stamp, key) => follow(key, undefined, () => rows.delete(stamp, key)),
    purge: (before, limit) => rows.purge(before, limit),
    ofIncarnation: {
      drop(key, limit) {
        const dropped = some.all(...incarnationValues(key), limit);
        for (const row of dropped) {
          drop.run(number(row, 'id'));
          counts.add([key.tenantId, text(row, 'queue'), text(row, 'state')], -1);
        }
        return dropped.length;
      },
      isEmpty: (key) => some.get(...incarnationValues(key), 1) === undefined,
    },
  };
}

function keyValues(key: ItemKey): Values {
  return [slotOfItem(key), key.tenantId, key.runId, key.incarnation, key.itemId];
}
