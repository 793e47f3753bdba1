import type { DeadLetterKey, DeadLetterRow, DeadLetterTable } from '#libs/store/tables/dead-letters.ts';
import { DEAD_LETTER_ORDER } from '#libs/store/tables/list-order.ts';
import { slotOfItem } from '#libs/store/tables/row-slots.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import { createGuardedRows } from './guarded-rows.ts';
import { createIncarnationRows } from './incarnation-rows.ts';
import type { IncarnationPart, OwnedWriter } from './owned-rows.ts';
import { readPageOf } from './pages.ts';

/** The dead letters, and what writes them. */
export interface DeadLetters {
  readonly table: DeadLetterTable;
  readonly writer: OwnedWriter<'deadLetters'>;
  readonly ofIncarnation: IncarnationPart;
}

/** Makes an empty table of dead letters. */
export function createDeadLetters(): DeadLetters {
  const rows = createGuardedRows<DeadLetterRow, DeadLetterKey>(
    (key) => [key.tenantId, key.runId, key.incarnation, key.itemId, key.deadLetterId],
    slotOfItem,
  );
  const byRun = createIncarnationRows(
    rows,
    (a, b) => compareText(a.itemId, b.itemId) || compareText(a.deadLetterId, b.deadLetterId),
  );
  const table: DeadLetterTable = {
    readDeadLetter: async (tenantId, deadLetterId) =>
      Iterator.from(rows.rows()).find((row) => row.tenantId === tenantId && row.deadLetterId === deadLetterId),
    listDeadLetters: async (tenantId, filter, page) =>
      readPageOf(
        DEAD_LETTER_ORDER,
        { tenantId, filter },
        page,
        Iterator.from(rows.rows()).filter(
          (row) =>
            row.tenantId === tenantId &&
            (filter.queue === undefined || row.queue === filter.queue) &&
            (filter.runId === undefined || row.runId === filter.runId),
        ),
      ),
  };
  return { table, writer: rows, ofIncarnation: byRun };
}
