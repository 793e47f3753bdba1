import type { ActivationRow, ActivationTable } from '#libs/store/tables/activations.ts';
import { ACTIVATION_ORDER, NEWEST_ACTIVATION_ORDER } from '#libs/store/tables/list-order.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import { readPageOf } from './pages.ts';

/** Makes an empty table of activations. */
export function createActivations(): ActivationTable {
  const rows: ActivationRow[] = [];
  const of = (tenantId: string, name: string): ActivationRow[] =>
    rows.filter((row) => row.tenantId === tenantId && row.name === name);
  const isNewest = (row: ActivationRow): boolean =>
    of(row.tenantId, row.name).every((other) => other.number <= row.number);

  return {
    async insert(row) {
      assertRow('activations', row);
      if (of(row.tenantId, row.name).some((other) => other.number === row.number)) {
        return false;
      }
      rows.push({ ...row, body: new Uint8Array(row.body) });
      return true;
    },
    newest: async (tenantId, name) => of(tenantId, name).find(isNewest),
    listNewest: async (tenantId, page) =>
      readPageOf(
        NEWEST_ACTIVATION_ORDER,
        { tenantId, filter: {} },
        page,
        rows.filter((row) => row.tenantId === tenantId && isNewest(row)),
      ),
    list: async (tenantId, name, page) =>
      readPageOf(ACTIVATION_ORDER, { tenantId, filter: { name } }, page, of(tenantId, name)),
  };
}
