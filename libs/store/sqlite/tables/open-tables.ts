import { join } from 'node:path';
import type { RegistryTables, StateTables } from '#libs/store/store.ts';
import type { StoreError } from '#libs/store/store-error.ts';
import { createRoutedWrites } from '../writes/routed-writes.ts';
import { migrate, type Schema } from './migrate.ts';
import { REGISTRY_SCHEMA } from './registry-schema.ts';
import { createSqliteRegistryTables } from './registry-tables.ts';
import { STATE_SCHEMA } from './state-schema.ts';
import { createSqliteStateTables } from './state-tables.ts';
import { openTablesFile, type TablesFile, type Values } from './tables-file.ts';

/** The tables' file in the store's folder. The journal has its own. [journal.md 27] */
export const TABLES_FILE = 'tables.db';

/** The tables in a folder, until they are disposed. */
export interface SqliteTables<T> extends AsyncDisposable {
  readonly tables: T;
  /** The file and the connection that reads, for backups. */
  readonly file: TablesFile;
}

/** The tables of a state service in a folder. */
export interface SqliteStateTables extends SqliteTables<StateTables> {
  /** Starts the thread that writes, which otherwise begins once there is much to write. */
  startThread(): Promise<void>;
  /** Has a statement run, durably, on the connection that writes; everything that was written before is durable then. */
  runWrite(sql: string): Promise<void>;
}

/**
 * Opens the tables of a state service in a folder that this process has locked; makes the file where it is missing and
 * brings an older one to this program's schema. `onBroken` hears when the file cannot be believed any more.
 *
 * @throws StoreError when the file cannot be opened or written; StartError when it is of a newer program or of another
 * service.
 */
export function openSqliteStateTables(folder: string, onBroken?: (error: StoreError) => void): SqliteStateTables {
  return openTables(folder, STATE_SCHEMA, onBroken, (file) => {
    const routed = createRoutedWrites(file);
    return {
      file,
      tables: createSqliteStateTables(file, routed),
      startThread: () => routed.startThread(),
      runWrite: async (sql) => {
        await routed.writes.run(sql, []);
      },
      async [Symbol.asyncDispose]() {
        // From here on nothing new is taken. What is on its way is written; whoever closes last copies the log back.
        file[Symbol.dispose]();
        await routed[Symbol.asyncDispose]();
      },
    };
  });
}

/** Opens the tables of a registry, as `openSqliteStateTables` does. They are written little, and by no thread. */
export function openSqliteRegistryTables(
  folder: string,
  onBroken?: (error: StoreError) => void,
): SqliteTables<RegistryTables> {
  return openTables(folder, REGISTRY_SCHEMA, onBroken, (file) => {
    const writable = {
      ...file,
      prepareWrite: (sql: string) => {
        const statement = file.prepare(sql);
        return async (...values: Values) => statement.run(...values).changes;
      },
    };
    return {
      file,
      tables: createSqliteRegistryTables(writable),
      [Symbol.asyncDispose]: async () => file[Symbol.dispose](),
    };
  });
}

function openTables<T>(
  folder: string,
  schema: Schema,
  onBroken: ((error: StoreError) => void) | undefined,
  createTables: (file: TablesFile) => T,
): T {
  const file = openTablesFile(join(folder, TABLES_FILE), onBroken);
  try {
    migrate(file, schema);
    return createTables(file);
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}
