import { join } from 'node:path';
import type { RegistryTables, StateTables } from '#libs/store/store.ts';
import { migrate, type Schema } from './migrate.ts';
import { REGISTRY_SCHEMA } from './registry-schema.ts';
import { createSqliteRegistryTables } from './registry-tables.ts';
import { STATE_SCHEMA } from './state-schema.ts';
import { createSqliteStateTables } from './state-tables.ts';
import { openTablesFile, type TablesFile } from './tables-file.ts';

/** The tables' file in the store's folder. The journal has its own. [journal.md 27] */
export const TABLES_FILE = 'tables.db';

/** The tables in a folder, until they are disposed. */
export interface SqliteTables<T> extends Disposable {
  readonly tables: T;
  /** The file and its connection, for backups. */
  readonly file: TablesFile;
}

/**
 * Opens the tables of a state service in a folder that this process has locked; makes the file where it is missing and
 * brings an older one to this program's schema.
 *
 * @throws StoreError when the file cannot be opened or written; StartError when it is of a newer program or of another
 * service.
 */
export function openSqliteStateTables(folder: string): SqliteTables<StateTables> {
  return openTables(folder, STATE_SCHEMA, createSqliteStateTables);
}

/** Opens the tables of a registry, as `openSqliteStateTables` does. */
export function openSqliteRegistryTables(folder: string): SqliteTables<RegistryTables> {
  return openTables(folder, REGISTRY_SCHEMA, createSqliteRegistryTables);
}

function openTables<T>(folder: string, schema: Schema, createTables: (file: TablesFile) => T): SqliteTables<T> {
  const file = openTablesFile(join(folder, TABLES_FILE));
  try {
    migrate(file, schema);
    return { tables: createTables(file), file, [Symbol.dispose]: () => file[Symbol.dispose]() };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}
