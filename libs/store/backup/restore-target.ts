import type { Blobs } from '../blobs/blobs.ts';
import type { Journal } from '../journal/journal.ts';
import type { ServiceKind } from '../opening/meta-row.ts';
import type { RegistryTables, StateTables } from '../store.ts';

/** A store that a restore fills. Until `finish` it refuses to be opened; disposing closes it. */
export type RestoreTarget = AsyncDisposable & {
  readonly blobs: Blobs;
  /** Makes it a store that can be opened, of that era. The last step. */
  finish(era: number): Promise<void>;
} & (
    | { readonly service: 'state'; readonly tables: StateTables; readonly journal: Journal }
    | { readonly service: 'registry'; readonly tables: RegistryTables }
  );

/** What a new store is made like. */
export interface RestorePlan {
  readonly service: ServiceKind;
  readonly partitions: number;
}
