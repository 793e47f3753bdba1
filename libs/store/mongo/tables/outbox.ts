import type { OutboxKey, OutboxRow, OutboxTable } from '#libs/store/tables/outbox.ts';
import { fieldsOfPlainRow, plainRowFrom } from './plain-row.ts';
import { endOf, idFromParts, idsFrom } from './row-id.ts';
import { createRows, LIVE, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';

/** Messages as documents. They belong to partitions, so that their ids have no slot. */
export const OUTBOX_SPEC: RowSpec<OutboxRow, OutboxKey> = {
  collection: 'outbox',
  idOf: (key) => idFromParts(key.sourcePartition, key.targetPartition, key.number),
  fieldsOf: fieldsOfPlainRow,
  rowFrom: plainRowFrom,
};

/** Opens the outbox. */
export function createOutbox(context: TablesContext): OutboxTable {
  const rows = createRows(context, OUTBOX_SPEC);
  return {
    readOutbox(sourcePartition, limit, after) {
      const all = idsFrom(idFromParts(sourcePartition));
      const ids = after === undefined ? all : { ...all, $gte: endOf(OUTBOX_SPEC.idOf({ ...after, sourcePartition })) };
      return rows.find({ _id: ids, ...LIVE }, { sort: { _id: 1 }, limit });
    },
  };
}
