import type { DefinitionKey, DefinitionRow, DefinitionTable } from '#libs/store/tables/definitions.ts';
import { DEFINITION_ORDER } from '#libs/store/tables/list-order.ts';
import { readPageOf } from './pages.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** Makes an empty table of definitions. */
export function createDefinitions(): DefinitionTable {
  const { table, rows } = createVersionedRows<DefinitionKey, DefinitionRow>({
    name: 'definitions',
    keyOf: (row) => row,
    partsOf: (key) => [key.tenantId, key.workflow, key.version],
  });
  return {
    ...table,
    list: async (tenantId, filter, page) =>
      readPageOf(
        DEFINITION_ORDER,
        { tenantId, filter },
        page,
        rows().filter(
          (row) =>
            row.tenantId === tenantId &&
            (filter.workflow === undefined || row.workflow === filter.workflow) &&
            (filter.packageDigest === undefined || row.packageDigest === filter.packageDigest),
        ),
      ),
  };
}
