import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CleanUp } from '#libs/lifecycle/clean-up.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import type { RestorePlan, RestoreTarget } from '../backup/restore-target.ts';
import { createJournalContext } from '../journal/journal-context.ts';
import { createMetaRow } from '../opening/meta-row.ts';
import type { OpenContext } from '../opening/open-context.ts';
import { openSqliteBlobs } from './blobs.ts';
import { lockFolder } from './folder-lock.ts';
import { openSqliteJournal } from './journal.ts';
import { META_FILE, maybeSqliteMeta, writeSqliteMeta } from './meta.ts';
import { openSqliteRegistryTables, openSqliteStateTables } from './tables/open-tables.ts';

/** Data of a store, and what SQLite keeps beside it. The lock and the meta row are none. */
const DATA_FILE = /^(journal|tables|blobs)\.db(-wal|-shm|-journal)?$/;

/**
 * Makes a store in a folder for a restore. The folder has none, or one whose restore was interrupted, which is removed.
 *
 * @throws StartError when there is another store or the folder is in use.
 */
export async function openSqliteRestoreTarget(
  folder: string,
  { service, partitions }: RestorePlan,
  { onTrouble }: Pick<OpenContext, 'onTrouble'>,
): Promise<RestoreTarget> {
  const stack = new CleanUp();
  try {
    stack.use(lockFolder(folder, process.pid));
    clearFolder(folder);
    const meta = createMetaRow(service, partitions, 'restoring');
    // Before any data: from here on the folder refuses to be opened.
    writeSqliteMeta(folder, meta);
    const { blobs } = stack.use(openSqliteBlobs(folder));
    const shared = {
      blobs,
      finish: async (era: number) => writeSqliteMeta(folder, { ...meta, era, state: 'ready' }),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    } as const;
    if (service === 'registry') {
      return { ...shared, service, tables: stack.use(openSqliteRegistryTables(folder)).tables };
    }
    const { journal } = stack.use(openSqliteJournal(folder, createJournalContext(onTrouble)));
    const opened = stack.use(openSqliteStateTables(folder, onTrouble));
    return {
      ...shared,
      service,
      tables: opened.tables,
      journal,
      async finish(era) {
        // Rows of a restore have no journal that they could be written again from.
        await opened.runWrite('PRAGMA wal_checkpoint(FULL)');
        await shared.finish(era);
      },
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function clearFolder(folder: string): void {
  const names = readdirSync(folder);
  const meta = names.includes(META_FILE) ? maybeSqliteMeta(folder) : undefined;
  const data = names.filter((name) => DATA_FILE.test(name));
  if (meta?.state === 'ready' || (meta === undefined && data.length > 0)) {
    throw new StartError(`the folder ${folder} holds a store: restore into an empty one`);
  }
  for (const name of data) {
    rmSync(join(folder, name));
  }
}
