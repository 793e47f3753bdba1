import { createMemoryRegistryTables } from '#libs/store/memory/tables/registry-tables.ts';
import { createMemoryStateTables } from '#libs/store/memory/tables/state-tables.ts';
import { tablesContract } from './tables-contract.ts';
import type { OpenTables } from './tables-store.ts';

function openEmpty(): OpenTables {
  return { state: createMemoryStateTables(), registry: createMemoryRegistryTables() };
}

tablesContract(
  'the tables in memory',
  async () => {
    let tables = openEmpty();
    return {
      openEmpty: async () => {
        tables = openEmpty();
        return tables;
      },
      reopen: async () => tables,
      [Symbol.asyncDispose]: async () => {},
    };
  },
  { sequences: 50 },
);
