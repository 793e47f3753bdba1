import { matchesHead } from '#libs/store/tables/head-match.ts';
import type { HeadRow, HeadTable } from '#libs/store/tables/heads.ts';
import type { IncarnationKey, RunKey } from '#libs/store/tables/keys.ts';
import { comparePlaces, HEAD_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import { isInSlots, slotOfRun } from '#libs/store/tables/row-slots.ts';
import type { RowStamp } from '#libs/store/tables/row-writer.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import { compareRuns } from './compare-keys.ts';
import { createGuardedRows, type Entry } from './guarded-rows.ts';
import type { OwnedWriter } from './owned-rows.ts';
import type { SortedRows } from './sorted-rows.ts';
import { takeDue } from './take-due.ts';

/** The heads, and what writes them. */
export interface Heads {
  readonly table: HeadTable;
  readonly writer: OwnedWriter<'heads'>;
  /** Puts a tombstone in place of a head that is of an incarnation, or of none. */
  deleteIncarnation(stamp: RowStamp, key: IncarnationKey): void;
}

/** Makes an empty table of heads. */
export function createHeads(): Heads {
  const rows = createGuardedRows<HeadRow, RunKey>((key) => [key.tenantId, key.runId], slotOfRun);
  const byStart = rows.view(
    () => true,
    (a, b) =>
      compareText(a.row.tenantId, b.row.tenantId) ||
      comparePlaces(HEAD_ORDER, HEAD_ORDER.placeOf(a.row), HEAD_ORDER.placeOf(b.row)),
  );
  const byKey = rows.view(() => true, compareRuns);
  const byWake = viewByTime(wakeTimeOf);
  const byExpiry = viewByTime(expireTimeOf);

  function viewByTime(timeOf: (row: HeadRow) => number): SortedRows<Entry<HeadRow>> {
    return rows.view(
      (row) => timeOf(row) !== Number.POSITIVE_INFINITY,
      (a, b) => timeOf(a.row) - timeOf(b.row) || compareRuns(a, b),
    );
  }

  function* ofTenant(tenantId: string, after?: readonly [number, string]): Generator<HeadRow, void> {
    const start = byStart.from(({ row }) => {
      const order = compareText(row.tenantId, tenantId);
      const isSeen = after !== undefined && comparePlaces(HEAD_ORDER, HEAD_ORDER.placeOf(row), after) <= 0;
      return order < 0 || (order === 0 && isSeen);
    });
    for (const { row } of start) {
      if (row.tenantId !== tenantId) {
        return;
      }
      yield row;
    }
  }

  const table: HeadTable = {
    readHead: async (key) => rows.read(key),
    listHeads: async (tenantId, filter, page) =>
      readPage(HEAD_ORDER, { tenantId, filter }, page, ({ after, skip, take }) =>
        ofTenant(tenantId, after)
          .filter((row) => matchesHead(filter, row))
          .drop(skip)
          .take(take)
          .toArray(),
      ),
    countHeads: async (tenantId, filter) =>
      ofTenant(tenantId).reduce((count, row) => count + Number(matchesHead(filter, row)), 0),
    countUnfinished: async (tenantId, workflow, version, slots) =>
      ofTenant(tenantId)
        .filter((row) => row.workflow === workflow && row.version === version && row.closeTime === undefined)
        .reduce((count, row) => count + Number(isInSlots(slots, slotOfRun(row))), 0),
    headKeys: async (slots, limit, after) => {
      const place = after === undefined ? undefined : { slot: slotOfRun(after), row: after };
      return byKey
        .from((entry) => (place === undefined ? entry.slot < slots.from : compareRuns(entry, place) <= 0))
        .filter(({ slot }) => isInSlots(slots, slot))
        .take(limit)
        .map(({ row }) => ({ tenantId: row.tenantId, runId: row.runId }))
        .toArray();
    },
    dueBefore: async (slots, time, limit) => takeDue(byWake, wakeTimeOf, slots, time, limit),
    expiredBefore: async (slots, time, limit) => takeDue(byExpiry, expireTimeOf, slots, time, limit),
  };
  return {
    table,
    writer: rows,
    deleteIncarnation(stamp, key) {
      const row = rows.read(key);
      if (row === undefined || row.incarnation === key.incarnation) {
        rows.delete(stamp, key);
      }
    },
  };
}

function wakeTimeOf(row: HeadRow): number {
  return row.nextWakeTime ?? Number.POSITIVE_INFINITY;
}

function expireTimeOf(row: HeadRow): number {
  return row.expireTime ?? Number.POSITIVE_INFINITY;
}
