import type { DeadLetterKey, DeadLetterRow, DeadLetterTable } from '#libs/store/tables/dead-letters.ts';
import { DEAD_LETTER_ORDER } from '#libs/store/tables/list-order.ts';
import { readPageOf } from './pages.ts';
import { fieldsOfPlainRow, plainRowFrom } from './plain-row.ts';
import { idFromParts, idOfItem, idOfRun, idsFrom } from './row-id.ts';
import { createRows, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';

/** Dead letters as documents. */
export const DEAD_LETTER_SPEC: RowSpec<DeadLetterRow, DeadLetterKey> = {
  collection: 'dead_letters',
  idOf: (key) => idOfItem(key) + idFromParts(key.deadLetterId),
  fieldsOf: fieldsOfPlainRow,
  rowFrom: plainRowFrom,
};

const LIST = { order: DEAD_LETTER_ORDER, fields: ['deadTime', 'deadLetterId'] } as const;

/** Opens the table of dead letters. */
export function createDeadLetters(context: TablesContext): DeadLetterTable {
  const rows = createRows(context, DEAD_LETTER_SPEC);
  return {
    async readDeadLetter(tenantId, deadLetterId) {
      const [row] = await rows.find({ tenantId, deadLetterId }, { sort: { _id: 1 }, limit: 1 });
      return row;
    },
    listDeadLetters: (tenantId, filter, page) => {
      const { queue, runId } = filter;
      return readPageOf(rows, LIST, { tenantId, filter }, page, {
        tenantId,
        ...(queue === undefined ? {} : { queue }),
        ...(runId === undefined ? {} : { runId }),
        // Those of a run stand together; free items have slots of their own.
        ...(runId === undefined || runId === '' ? {} : { _id: idsFrom(idOfRun({ tenantId, runId })) }),
      });
    },
  };
}
