import type { SignalKey, SignalRow, SignalTable } from '#libs/store/tables/signals.ts';
import { dueFirst, filterDue } from './due.ts';
import { fieldsOfPlainRow, plainRowFrom } from './plain-row.ts';
import { endOf, idFromParts, idOfIncarnation, idsFrom } from './row-id.ts';
import { createRows, LIVE, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';

/** Signals as documents, those of a run in order of arrival. */
export const SIGNAL_SPEC: RowSpec<SignalRow, SignalKey> = {
  collection: 'signals',
  idOf: (key) => idOfIncarnation(key) + idFromParts(key.order, key.name),
  fieldsOf: fieldsOfPlainRow,
  rowFrom: plainRowFrom,
};

const KEY_FIELDS = ['tenantId', 'runId', 'incarnation', 'name', 'order'] as const;

/** Opens the table of signals. */
export function createSignals(context: TablesContext): SignalTable {
  const rows = createRows(context, SIGNAL_SPEC);
  return {
    readSignals(key, limit, afterOrder) {
      const beginning = idOfIncarnation(key);
      const all = idsFrom(beginning);
      const ids = afterOrder === undefined ? all : { ...all, $gte: endOf(beginning + idFromParts(afterOrder)) };
      return rows.find({ _id: ids, ...LIVE }, { sort: { _id: 1 }, limit });
    },
    signalsExpiredBefore: async (slots, time, limit) =>
      (await rows.findFields(
        filterDue('expireTime', slots, time),
        KEY_FIELDS,
        dueFirst('expireTime', limit),
      )) as SignalKey[],
  };
}
