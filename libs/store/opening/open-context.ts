import type { Logger } from '#libs/logger/logger.ts';
import type { BackupParts } from '../backup/backup.ts';
import type { RegistryStore, StateStore } from '../store.ts';
import type { StoreError } from '../store-error.ts';
import type { MetaRow } from './meta-row.ts';
import type { Migration } from './migrations.ts';

/** What opening a store needs of the world. */
export interface OpenContext {
  /** Hears what was opened: kind, version, format. */
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Ends waiting for a lock or a server. */
  readonly signal: AbortSignal;
  /**
   * Hears why an attempt of the journal did not end cleanly, and that tables in a folder broke. After `isFinal` the
   * process must end. [journal.md 9]
   */
  readonly onTrouble: (error: StoreError) => void;
}

/** An open store of the state service, with what a backup needs of it. */
export interface OpenStateStore extends StateStore {
  readonly backup: BackupParts;
}

/** An open store of the registry, with what a backup needs of it. */
export interface OpenRegistryStore extends RegistryStore {
  readonly backup: BackupParts;
}

/** What tests open stores with, to stand for another release. */
export interface MetaOptions<T> {
  /** The steps between formats. By default those of this release. */
  readonly migrations?: readonly Migration<T>[];
  /** The meta row of a store that is made. */
  readonly newRow?: MetaRow;
}
