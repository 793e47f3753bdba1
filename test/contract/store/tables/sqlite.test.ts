import { openSqliteTablesStore } from './sqlite-store.ts';
import { tablesContract } from './tables-contract.ts';

tablesContract('the tables in SQLite', openSqliteTablesStore, { sequences: 60 });
tablesContract('the tables in SQLite that a thread writes', () => openSqliteTablesStore({ hasThread: true }), {
  sequences: 10,
});
