import type { DefinitionKey, DefinitionRow, DefinitionTable } from '#libs/store/tables/definitions.ts';
import { DEFINITION_ORDER } from '#libs/store/tables/list-order.ts';
import { readPageOf } from './pages.ts';
import { idFromParts } from './row-id.ts';
import type { TablesContext } from './tables-context.ts';
import { createVersionedRows } from './versioned-rows.ts';

/** The collection of definitions. */
export const DEFINITION_COLLECTION = 'definitions';

const LIST = { order: DEFINITION_ORDER, fields: ['workflow', 'createTime', 'version'] } as const;

/** Opens the table of definitions. */
export function createDefinitions(context: TablesContext): DefinitionTable {
  const { table, rows } = createVersionedRows<DefinitionKey, DefinitionRow>(context, {
    collection: DEFINITION_COLLECTION,
    keyOf: (row) => row,
    idOf: (key) => idFromParts(key.tenantId, key.workflow, key.version),
  });
  return {
    ...table,
    list: (tenantId, filter, page) => {
      const { workflow, packageDigest } = filter;
      return readPageOf(rows, LIST, { tenantId, filter }, page, {
        tenantId,
        ...(workflow === undefined ? {} : { workflow }),
        ...(packageDigest === undefined ? {} : { packageDigest }),
      });
    },
  };
}
