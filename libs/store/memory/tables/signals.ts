import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import type { SignalKey, SignalRow, SignalTable } from '#libs/store/tables/signals.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import { compareIncarnations } from './compare-keys.ts';
import { createGuardedRows } from './guarded-rows.ts';
import { createIncarnationRows } from './incarnation-rows.ts';
import type { IncarnationPart, OwnedWriter } from './owned-rows.ts';
import { takeBefore } from './take-due.ts';

/** The buffered signals, and what writes them. */
export interface Signals {
  readonly table: SignalTable;
  readonly writer: OwnedWriter<'signals'>;
  readonly ofIncarnation: IncarnationPart;
}

/** Makes an empty table of signals. */
export function createSignals(): Signals {
  const rows = createGuardedRows<SignalRow, SignalKey>(
    (key) => [key.tenantId, key.runId, key.incarnation, key.name, key.order],
    slotOfRun,
  );
  const byRun = createIncarnationRows(rows, compareOrder);
  const byExpiry = rows.view(
    (row) => row.expireTime !== undefined,
    (a, b) => expireTimeOf(a.row) - expireTimeOf(b.row) || compareIncarnations(a, b) || compareOrder(a.row, b.row),
  );
  const table: SignalTable = {
    readSignals: async (key, limit, afterOrder) =>
      byRun
        .of(key, (row) => afterOrder !== undefined && row.order <= afterOrder)
        .take(limit)
        .toArray(),
    signalsExpiredBefore: async (slots, time, limit) =>
      takeBefore(byExpiry, expireTimeOf, slots, time, limit).map(({ tenantId, runId, incarnation, name, order }) => ({
        tenantId,
        runId,
        incarnation,
        name,
        order,
      })),
  };
  return { table, writer: rows, ofIncarnation: byRun };
}

function compareOrder(a: SignalRow, b: SignalRow): number {
  return a.order - b.order || compareText(a.name, b.name);
}

function expireTimeOf(row: SignalRow): number {
  return row.expireTime ?? Number.POSITIVE_INFINITY;
}
