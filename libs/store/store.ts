import type { Blobs } from './blobs/blobs.ts';
import type { Journal } from './journal/journal.ts';
import type { ActivationTable } from './tables/activations.ts';
import type { AuditTable } from './tables/audit.ts';
import type { CheckpointTable, CursorTable } from './tables/checkpoints.ts';
import type { DeadLetterTable } from './tables/dead-letters.ts';
import type { DefinitionTable } from './tables/definitions.ts';
import type { HeadTable, PastHeadTable } from './tables/heads.ts';
import type { ItemTable } from './tables/items.ts';
import type { PartitionLeaseTable } from './tables/leases.ts';
import type { MemberTable } from './tables/members.ts';
import type { OutboxTable } from './tables/outbox.ts';
import type { PackageTable, SigningKeyTable } from './tables/packages.ts';
import type { RequestIdTable } from './tables/request-ids.ts';
import type { RowWriter } from './tables/row-writer.ts';
import type { SegmentTable } from './tables/segments.ts';
import type { SignalTable } from './tables/signals.ts';
import type { SnapshotTable } from './tables/snapshots.ts';
import type { TenantTable } from './tables/tenants.ts';
import type { TokenTable } from './tables/tokens.ts';

/** What a store is and was made with; fixed when it is made, but for the era and the formats. [journal.md 28] */
export interface StoreMeta {
  /** The format that the store is written in. */
  readonly format: number;
  /** The oldest format that a program must read to open it. */
  readonly minReader: number;
  readonly slots: number;
  /** 1 in an embedded store, 16 in a shared one. */
  readonly partitions: number;
  /** Raised by a restore, so that no fence from before the backup is ever good again. [journal.md 20] */
  readonly era: number;
}

/** What an operator wants to know of the server behind a store. */
export interface StoreServer {
  /** `memory`, `sqlite`, or what a MongoDB-protocol server says that it is. */
  readonly kind: string;
  readonly version: string;
}

/** The tables of the state service. */
export interface StateTables
  extends HeadTable,
    PastHeadTable,
    SegmentTable,
    SnapshotTable,
    ItemTable,
    SignalTable,
    DeadLetterTable,
    OutboxTable,
    RequestIdTable,
    RowWriter,
    CheckpointTable,
    CursorTable {
  readonly definitions: DefinitionTable;
  readonly activations: ActivationTable;
  readonly tenants: TenantTable;
  readonly tokens: TokenTable;
  readonly leases: PartitionLeaseTable;
  readonly members: MemberTable;
  readonly audit: AuditTable;
}

/** The tables of the registry. */
export interface RegistryTables {
  readonly packages: PackageTable;
  readonly activations: ActivationTable;
  readonly signingKeys: SigningKeyTable;
  readonly audit: AuditTable;
}

interface OpenStore extends AsyncDisposable {
  readonly meta: StoreMeta;
  readonly server: StoreServer;
  readonly blobs: Blobs;
}

/** Everything that the state service keeps. */
export interface StateStore extends OpenStore {
  readonly journal: Journal;
  readonly tables: StateTables;
}

/** Everything that the registry keeps. */
export interface RegistryStore extends OpenStore {
  readonly tables: RegistryTables;
}
