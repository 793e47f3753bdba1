import type { BlobKey } from '../blobs/blobs.ts';
import type { ServiceKind } from '../opening/meta-row.ts';
import type { RegistryStore, StateStore, StoreMeta } from '../store.ts';
import type { TableScan } from '../tables/scan.ts';
import type { TrimHolds } from './trim-holds.ts';

/** What a backup needs of an open store besides its ports. */
export interface BackupParts {
  readonly scan: TableScan;
  readonly holds: TrimHolds;
}

/** An open store that can be backed up. */
export type BackupSource =
  | { readonly service: 'state'; readonly store: StateStore; readonly parts: BackupParts }
  | { readonly service: 'registry'; readonly store: RegistryStore; readonly parts: BackupParts };

/** What a backup is of: the text of its first frame. */
export interface BackupHeader {
  readonly service: ServiceKind;
  /** The release that wrote it. */
  readonly version: string;
  readonly label: string;
  /** When it was begun, in milliseconds since 1970. */
  readonly time: number;
  readonly meta: StoreMeta;
}

/** Where the journal of a partition was cut. */
export interface PartitionCut {
  readonly partition: number;
  /** Tables show this position or a later one. */
  readonly checkpoint: number;
  /** The restored partition ends here. */
  readonly end: number;
}

/** Where the journal was cut: the state of every partition that a restore leads to. */
export interface BackupCut {
  /** Whether all partitions stood at their ends at one moment. With one partition they always do. */
  readonly isOneMoment: boolean;
  readonly partitions: readonly PartitionCut[];
}

/** A blob of a backup: the text of its first frame. */
export interface BackupBlob {
  readonly key: BlobKey;
  readonly createTime: number;
}

/** How far a backup or a restore is. */
export interface BackupProgress {
  /** What is copied now, for people. */
  readonly phase: string;
  readonly bytesDone: number;
  readonly rows: number;
  readonly records: number;
  readonly blobs: number;
}
