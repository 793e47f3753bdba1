import type { IncarnationKey } from './keys.ts';
import type { Page, PageRequest } from './page.ts';

/** The state of an incarnation at a version: the fold of a SERVER run, or what the runtime of a CLIENT run saved. */
export interface SnapshotRow extends IncarnationKey {
  /** Grows with each snapshot of the incarnation. */
  readonly version: number;
  readonly body: Uint8Array;
}

/** The snapshots of runs. */
export interface SnapshotTable {
  /** The newest at or below a version; the newest of all where none is given. */
  readSnapshot(key: IncarnationKey, atVersion?: number): Promise<SnapshotRow | undefined>;
  /** The versions that there are, newest first. */
  listSnapshotVersions(key: IncarnationKey): Promise<readonly number[]>;
  /** Ids of the tenant's runs that have a snapshot, in order of id. */
  listSnapshotRuns(tenantId: string, page: PageRequest): Promise<Page<string>>;
}
