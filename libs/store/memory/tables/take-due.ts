import type { SlotRange } from '#libs/store/slots.ts';
import type { DueRun } from '#libs/store/tables/heads.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { isInSlots } from '#libs/store/tables/row-slots.ts';
import type { Entry } from './guarded-rows.ts';
import type { SortedRows } from './sorted-rows.ts';

/** The rows at the beginning of a view by time that lie before a time and in some slots. */
export function takeBefore<R>(
  view: SortedRows<Entry<R>>,
  timeOf: (row: R) => number,
  slots: SlotRange,
  time: number,
  limit: number,
): readonly R[] {
  const taken: R[] = [];
  for (const { row, slot } of view.from(() => false)) {
    if (taken.length === limit || timeOf(row) >= time) {
      break;
    }
    if (isInSlots(slots, slot)) {
      taken.push(row);
    }
  }
  return taken;
}

/** The same of runs, as hints. */
export function takeDue<R extends IncarnationKey>(
  view: SortedRows<Entry<R>>,
  timeOf: (row: R) => number,
  slots: SlotRange,
  time: number,
  limit: number,
): readonly DueRun[] {
  return takeBefore(view, timeOf, slots, time, limit).map((row) => ({
    tenantId: row.tenantId,
    runId: row.runId,
    incarnation: row.incarnation,
    dueTime: timeOf(row),
  }));
}
