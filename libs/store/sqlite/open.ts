import { CleanUp } from '#libs/lifecycle/clean-up.ts';
import { createLocalHolds, heldJournal } from '../backup/trim-holds.ts';
import { createJournalContext } from '../journal/journal-context.ts';
import { createMetaRow, DEFAULT_PARTITIONS, metaFromRow, type ServiceKind } from '../opening/meta-row.ts';
import type { MetaOptions, OpenContext, OpenRegistryStore, OpenStateStore } from '../opening/open-context.ts';
import { createSqliteScan } from './backup-scan.ts';
import { openSqliteBlobs } from './blobs.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { openSqliteJournal } from './journal.ts';
import { openSqliteMeta, type SqliteMigrationTarget } from './meta.ts';
import { openSqliteRegistryTables, openSqliteStateTables } from './tables/open-tables.ts';

/** How a store in a folder is opened. */
export interface SqliteOpenOptions extends MetaOptions<SqliteMigrationTarget> {
  /** The folder's lock, where the caller holds it; then disposing the store leaves it. By default the store takes it. */
  readonly lock?: FolderLock;
  /** Partitions of a store that is made here; one that is there keeps its own. 1 by default. */
  readonly partitions?: number;
}

/**
 * Opens the store of the state service in a folder, making what is missing.
 *
 * @throws StartError when the folder is in use or the store is not for this program.
 */
export async function openSqliteStateStore(
  folder: string,
  context: OpenContext,
  options: SqliteOpenOptions = {},
): Promise<OpenStateStore> {
  return await opening(async (stack) => {
    const opened = await openFolder(stack, folder, 'state', context, options);
    const holds = createLocalHolds();
    const { journal } = stack.use(openSqliteJournal(folder, createJournalContext(context.onTrouble)));
    const { tables, file } = stack.use(openSqliteStateTables(folder, context.onTrouble));
    const { blobs } = stack.use(openSqliteBlobs(folder));
    return {
      ...opened,
      journal: heldJournal(journal, holds),
      tables,
      blobs,
      backup: { scan: createSqliteScan(file), holds },
    };
  });
}

/** Opens the store of the registry in a folder, as `openSqliteStateStore` does. */
export async function openSqliteRegistryStore(
  folder: string,
  context: OpenContext,
  options: SqliteOpenOptions = {},
): Promise<OpenRegistryStore> {
  return await opening(async (stack) => {
    const opened = await openFolder(stack, folder, 'registry', context, options);
    const { tables, file } = stack.use(openSqliteRegistryTables(folder, context.onTrouble));
    const { blobs } = stack.use(openSqliteBlobs(folder));
    return { ...opened, tables, blobs, backup: { scan: createSqliteScan(file), holds: createLocalHolds() } };
  });
}

/** What was opened, with the end of it; what was opened before a failure is closed. */
async function opening<S>(open: (stack: CleanUp) => Promise<S>): Promise<S & AsyncDisposable> {
  const stack = new CleanUp();
  try {
    const store = await open(stack);
    return { ...store, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function openFolder(
  stack: CleanUp,
  folder: string,
  service: ServiceKind,
  { log, signal }: OpenContext,
  options: SqliteOpenOptions,
): Promise<Pick<OpenStateStore, 'meta' | 'server'>> {
  if (options.lock === undefined) {
    stack.use(lockFolder(folder, process.pid));
  }
  const newRow = options.newRow ?? createMetaRow(service, options.partitions ?? DEFAULT_PARTITIONS.embedded);
  const meta = metaFromRow(await openSqliteMeta(folder, service, newRow, signal, options));
  const server = { kind: 'sqlite', version: process.versions['sqlite'] ?? '' };
  log.info({ store: 'sqlite', folder, ...server, ...meta }, 'store opened');
  return { meta, server };
}
