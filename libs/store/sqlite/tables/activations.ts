import type { ActivationRow, ActivationTable } from '#libs/store/tables/activations.ts';
import { ACTIVATION_ORDER, NEWEST_ACTIVATION_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number, text } from './columns.ts';
import type { SqlRow } from './tables-file.ts';

const COLUMNS = 'tenant_id, name, number, create_time, body';

/** Makes the table of activations. */
export function createActivations(file: WritableFile): ActivationTable {
  const insert = file.prepareWrite(
    `INSERT INTO activations (${COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const list = file.prepare(`SELECT ${COLUMNS} FROM activations
    WHERE tenant_id = ? AND name = ? AND number < ? ORDER BY number DESC LIMIT ? OFFSET ?`);
  const nextName = file.prepare(`SELECT name FROM activations
    WHERE tenant_id = ? AND name > ? ORDER BY name LIMIT 1`);

  function newest(tenantId: string, name: string): ActivationRow | undefined {
    const row = list.get(tenantId, name, Number.MAX_SAFE_INTEGER, 1, 0);
    return row && activationFromSql(row);
  }

  /** One look-up a name, however many activations it has. */
  function* namesAfter(tenantId: string, name: string): Generator<string, void> {
    for (let next = nextName.get(tenantId, name); next !== undefined; next = nextName.get(tenantId, name)) {
      name = text(next, 'name');
      yield name;
    }
  }

  return {
    async insert(row) {
      assertRow('activations', row);
      return (await insert(row.tenantId, row.name, row.number, row.createTime, row.body)) > 0;
    },
    newest: async (tenantId, name) => newest(tenantId, name),
    listNewest: async (tenantId, page) =>
      readPage(NEWEST_ACTIVATION_ORDER, { tenantId, filter: {} }, page, ({ after: [last] = [''], skip, take }) =>
        namesAfter(tenantId, last)
          .drop(skip)
          .take(take)
          .toArray()
          .flatMap((name) => newest(tenantId, name) ?? []),
      ),
    list: async (tenantId, name, page) =>
      readPage(
        ACTIVATION_ORDER,
        { tenantId, filter: { name } },
        page,
        ({ after: [number] = [Number.MAX_SAFE_INTEGER], skip, take }) =>
          list.all(tenantId, name, number, take, skip).map(activationFromSql),
      ),
  };
}

function activationFromSql(row: SqlRow): ActivationRow {
  return {
    tenantId: text(row, 'tenant_id'),
    name: text(row, 'name'),
    number: number(row, 'number'),
    createTime: number(row, 'create_time'),
    body: bytes(row, 'body'),
  };
}
