import type { Versioned, VersionedTable } from './versioned.ts';

/** A node of the cluster. */
export interface MemberRow extends Versioned {
  readonly nodeId: string;
  readonly body: Uint8Array;
}

/** Members, by node. Each sign of life is a replacement. */
export interface MemberTable extends VersionedTable<string, MemberRow> {
  list(): Promise<readonly MemberRow[]>;
}
