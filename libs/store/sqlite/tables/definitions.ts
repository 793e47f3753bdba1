import type { DefinitionKey, DefinitionRow, DefinitionTable } from '#libs/store/tables/definitions.ts';
import { DEFINITION_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import type { WritableFile } from '../writes/writes.ts';
import { bytes, number, text, timeFromOrder } from './columns.ts';
import { readListRange } from './read-list-range.ts';
import { columnsOf, createVersionedRows, type VersionedSpec } from './versioned-rows.ts';

const SPEC: VersionedSpec<DefinitionKey, DefinitionRow> = {
  table: 'definitions',
  keyColumns: ['tenant_id', 'workflow', 'version'],
  keyValues: (key) => [key.tenantId, key.workflow, key.version],
  keyOf: (row) => row,
  columns: ['hash', 'package_digest', 'is_retired', 'create_order', 'body'],
  valuesOf: (row) => [row.hash, row.packageDigest, Number(row.isRetired), -row.createTime, row.body],
  fromSql: (row) => ({
    tenantId: text(row, 'tenant_id'),
    workflow: text(row, 'workflow'),
    version: text(row, 'version'),
    revision: number(row, 'revision'),
    hash: text(row, 'hash'),
    packageDigest: text(row, 'package_digest'),
    isRetired: number(row, 'is_retired') === 1,
    createTime: timeFromOrder(row, 'create_order'),
    body: bytes(row, 'body'),
  }),
};

/** Makes the table of definitions. */
export function createDefinitions(file: WritableFile): DefinitionTable {
  return {
    ...createVersionedRows(file, SPEC),
    list: async (tenantId, filter, page) =>
      readPage(DEFINITION_ORDER, { tenantId, filter }, page, ({ after, skip, take }) => {
        const [workflow, createTime, version] = after ?? ['', Number.MAX_SAFE_INTEGER, ''];
        const rows = readListRange(file, {
          columns: columnsOf(SPEC),
          table: 'definitions',
          equal: [
            ['tenant_id', tenantId],
            ['package_digest', filter.packageDigest],
            ['workflow', filter.workflow],
          ],
          after: [
            ['workflow', workflow],
            ['create_order', -createTime],
            ['version', version],
          ],
          take,
          skip,
        });
        return rows.map(SPEC.fromSql);
      }),
  };
}
