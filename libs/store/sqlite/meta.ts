import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { assertReadable, type MetaRow, parseMetaRow, type ServiceKind } from '../opening/meta-row.ts';
import { type Migration, migratedRow, stepsAtOpen } from '../opening/migrations.ts';
import type { MetaOptions } from '../opening/open-context.ts';

/** The file of the meta row. It is looked at before any other file is touched. */
export const META_FILE = 'meta.db';

const BUSY_TIMEOUT_MS = 1_000;

/** What a step between formats gets of a store in a folder. */
export interface SqliteMigrationTarget {
  readonly folder: string;
}

/** The steps of this release: format 1 is the first. */
const SQLITE_MIGRATIONS: readonly Migration<SqliteMigrationTarget>[] = [];

/**
 * Reads the meta row of the store in a folder that this process has locked, and takes the steps to this release's
 * format; writes `newRow` where there is none. All in an exclusive transaction for each step.
 *
 * @throws StartError for a store that this program must not open.
 */
export async function openSqliteMeta(
  folder: string,
  service: ServiceKind,
  newRow: MetaRow,
  signal: AbortSignal,
  { migrations = SQLITE_MIGRATIONS }: MetaOptions<SqliteMigrationTarget> = {},
): Promise<MetaRow> {
  const file = openFile(folder);
  try {
    let meta = inTransaction(file, () => {
      const found = readRow(file, folder);
      if (found !== undefined) {
        assertReadable(found, service, folder);
        return found;
      }
      writeRow(file, newRow);
      return newRow;
    });
    for (const step of stepsAtOpen(migrations, meta)) {
      signal.throwIfAborted();
      await step.apply({ folder }, signal);
      meta = migratedRow(meta, step);
      const migrated = meta;
      inTransaction(file, () => writeRow(file, migrated));
    }
    return meta;
  } finally {
    file.close();
  }
}

/** The meta row of a folder, whatever it says; undefined where there is none. */
export function maybeSqliteMeta(folder: string): MetaRow | undefined {
  const file = openFile(folder);
  try {
    return readRow(file, folder);
  } finally {
    file.close();
  }
}

/** Writes the meta row of a folder, in place of any. */
export function writeSqliteMeta(folder: string, meta: MetaRow): void {
  const file = openFile(folder);
  try {
    inTransaction(file, () => writeRow(file, meta));
  } finally {
    file.close();
  }
}

function openFile(folder: string): DatabaseSync {
  const path = join(folder, META_FILE);
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    file.exec(`
      PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS meta (id INTEGER PRIMARY KEY CHECK (id = 1), row TEXT NOT NULL) STRICT;
    `);
    return file;
  } catch (error) {
    file?.close();
    const message = error instanceof Error ? error.message : String(error);
    throw new StartError(`the store ${path} cannot be opened: ${message}`, { cause: error });
  }
}

function inTransaction<T>(file: DatabaseSync, work: () => T): T {
  file.exec('BEGIN EXCLUSIVE');
  try {
    const result = work();
    file.exec('COMMIT');
    return result;
  } catch (error) {
    if (file.isTransaction) {
      file.exec('ROLLBACK');
    }
    throw error;
  }
}

function readRow(file: DatabaseSync, folder: string): MetaRow | undefined {
  const row = file.prepare('SELECT row FROM meta').get();
  return row === undefined ? undefined : parseMetaRow(row['row'] as string, folder);
}

function writeRow(file: DatabaseSync, meta: MetaRow): void {
  file.prepare('INSERT OR REPLACE INTO meta (id, row) VALUES (1, ?)').run(JSON.stringify(meta));
}
