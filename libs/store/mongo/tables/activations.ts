import type { ActivationRow, ActivationTable } from '#libs/store/tables/activations.ts';
import { ACTIVATION_ORDER, NEWEST_ACTIVATION_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import { addRow } from './added-rows.ts';
import { readFirstOfEach } from './distinct.ts';
import { fieldsOfPlainRow, plainRowFrom } from './plain-row.ts';
import { endOf, idFromParts, idsFrom } from './row-id.ts';
import { createRows, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';

/** Activations as documents, those of a name newest first. */
export const ACTIVATION_SPEC: RowSpec<ActivationRow, Pick<ActivationRow, 'tenantId' | 'name' | 'number'>> = {
  collection: 'activations',
  idOf: (key) => idFromParts(key.tenantId, key.name, -key.number),
  fieldsOf: fieldsOfPlainRow,
  rowFrom: plainRowFrom,
};

const FORWARD = { _id: 1 } as const;

/** Opens the table of activations. */
export function createActivations(context: TablesContext): ActivationTable {
  const { collection, idOf } = ACTIVATION_SPEC;
  const rows = createRows(context, ACTIVATION_SPEC);
  return {
    insert: (row) => addRow(context, collection, idOf(row), row),
    async newest(tenantId, name) {
      const [row] = await rows.find({ _id: idsFrom(idFromParts(tenantId, name)) }, { sort: FORWARD, limit: 1 });
      return row;
    },
    listNewest: (tenantId, page) =>
      readPage(NEWEST_ACTIVATION_ORDER, { tenantId, filter: {} }, page, async ({ after, skip, take }) => {
        const all = idsFrom(idFromParts(tenantId));
        const newest = await readFirstOfEach(
          after?.[0],
          skip + take,
          (last, limit) => {
            const $gte = last === undefined ? all.$gte : endOf(idFromParts(tenantId, last));
            return rows.find({ _id: { ...all, $gte } }, { sort: FORWARD, limit });
          },
          (row) => row.name,
        );
        return newest.slice(skip);
      }),
    list: (tenantId, name, page) =>
      readPage(ACTIVATION_ORDER, { tenantId, filter: { name } }, page, ({ after, skip, take }) => {
        const all = idsFrom(idFromParts(tenantId, name));
        const $gte = after === undefined ? all.$gte : endOf(idOf({ tenantId, name, number: after[0] }));
        return rows.find({ _id: { ...all, $gte } }, { sort: FORWARD, skip, limit: take });
      }),
  };
}
