import type { RestorePlan, RestoreTarget } from '../backup/restore-target.ts';
import { createLocalHolds, heldJournal } from '../backup/trim-holds.ts';
import type { BlobBackend } from '../blobs/blob-backend.ts';
import type { JournalBackend } from '../journal/journal-backend.ts';
import { createJournalContext } from '../journal/journal-context.ts';
import {
  assertReadable,
  createMetaRow,
  DEFAULT_PARTITIONS,
  type MetaRow,
  metaFromRow,
  type ServiceKind,
} from '../opening/meta-row.ts';
import type { OpenContext, OpenRegistryStore, OpenStateStore } from '../opening/open-context.ts';
import type { RegistryTables, StateTables } from '../store.ts';
import { type RecordedTables, recordRegistryTables, recordStateTables } from './backup-scan.ts';
import { createMemoryBlobBackend, createMemoryBlobs } from './blobs.ts';
import { createMemoryJournal, createMemoryJournalBackend } from './journal.ts';
import { createMemoryRegistryTables } from './tables/registry-tables.ts';
import { createMemoryStateTables } from './tables/state-tables.ts';

/** What a store in memory keeps. It is a store as long as somebody has it: share it to open the same one again. */
export interface MemoryData {
  meta: MetaRow | undefined;
  readonly journal: JournalBackend;
  readonly blobs: BlobBackend;
  readonly state: RecordedTables<StateTables>;
  readonly registry: RecordedTables<RegistryTables>;
}

/** Makes what an empty store keeps. */
export function createMemoryData(): MemoryData {
  return {
    meta: undefined,
    journal: createMemoryJournalBackend(),
    blobs: createMemoryBlobBackend(),
    state: recordStateTables(createMemoryStateTables()),
    registry: recordRegistryTables(createMemoryRegistryTables()),
  };
}

/** How a store in memory is opened. */
export interface MemoryOpenOptions {
  /** What it keeps. By default a store that is gone with its last user. */
  readonly data?: MemoryData;
  /** Partitions of a store that is made here. 1 by default. */
  readonly partitions?: number;
  /** The meta row of a store that is made here, for tests that stand for another release. */
  readonly newRow?: MetaRow;
}

/**
 * Opens a store of the state service in memory.
 *
 * @throws StartError when the data are not for this program.
 */
export async function openMemoryStateStore(
  context: OpenContext,
  { data = createMemoryData(), partitions = DEFAULT_PARTITIONS.embedded, newRow }: MemoryOpenOptions = {},
): Promise<OpenStateStore> {
  const opened = openData(data, 'state', context, newRow ?? createMetaRow('state', partitions));
  const holds = createLocalHolds();
  const journal = createMemoryJournal(createJournalContext(context.onTrouble), data.journal);
  const { tables, scan } = data.state;
  return { ...opened, journal: heldJournal(journal, holds), tables, backup: { scan, holds } };
}

/** Opens a store of the registry in memory, as `openMemoryStateStore` does. */
export async function openMemoryRegistryStore(
  context: OpenContext,
  { data = createMemoryData(), newRow = createMetaRow('registry', 1) }: MemoryOpenOptions = {},
): Promise<OpenRegistryStore> {
  const { tables, scan } = data.registry;
  return { ...openData(data, 'registry', context, newRow), tables, backup: { scan, holds: createLocalHolds() } };
}

function openData(
  data: MemoryData,
  service: ServiceKind,
  { log, signal }: OpenContext,
  newRow: MetaRow,
): Pick<OpenStateStore, 'meta' | 'server' | 'blobs' | typeof Symbol.asyncDispose> {
  signal.throwIfAborted();
  if (data.meta !== undefined) {
    assertReadable(data.meta, service, 'memory:');
  }
  data.meta ??= newRow;
  const meta = metaFromRow(data.meta);
  const server = { kind: 'memory', version: '' };
  log.info({ store: 'memory', ...meta }, 'store opened');
  return { meta, server, blobs: createMemoryBlobs(data.blobs), [Symbol.asyncDispose]: async () => {} };
}

/** Makes a store in memory for a restore. */
export async function openMemoryRestoreTarget(
  data: MemoryData,
  { service, partitions }: RestorePlan,
  { onTrouble }: Pick<OpenContext, 'onTrouble'>,
): Promise<RestoreTarget> {
  const meta = createMetaRow(service, partitions, 'restoring');
  data.meta = meta;
  const shared = {
    blobs: createMemoryBlobs(data.blobs),
    async finish(era: number) {
      data.meta = { ...meta, era, state: 'ready' };
    },
    [Symbol.asyncDispose]: async () => {},
  } as const;
  return service === 'registry'
    ? { ...shared, service, tables: data.registry.tables }
    : {
        ...shared,
        service,
        tables: data.state.tables,
        journal: createMemoryJournal(createJournalContext(onTrouble), data.journal),
      };
}
