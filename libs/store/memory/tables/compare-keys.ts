import type { ItemKey } from '#libs/store/tables/items.ts';
import type { IncarnationKey, RunKey } from '#libs/store/tables/keys.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import type { Entry } from './guarded-rows.ts';

/** By slot, tenant and run. */
export function compareRuns(a: Entry<RunKey>, b: Entry<RunKey>): number {
  return a.slot - b.slot || compareText(a.row.tenantId, b.row.tenantId) || compareText(a.row.runId, b.row.runId);
}

/** By slot, tenant, run and incarnation. */
export function compareIncarnations(a: Entry<IncarnationKey>, b: Entry<IncarnationKey>): number {
  return compareRuns(a, b) || compareText(a.row.incarnation, b.row.incarnation);
}

/** By slot, tenant, run, incarnation and item. */
export function compareItems(a: Entry<ItemKey>, b: Entry<ItemKey>): number {
  return compareIncarnations(a, b) || compareText(a.row.itemId, b.row.itemId);
}
