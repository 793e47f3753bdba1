import type { Versioned, VersionedTable } from './versioned.ts';

/** Who owns a partition, or owned it last. */
export interface PartitionLeaseRow extends Versioned {
  readonly partition: number;
  /** Empty when it was freed. */
  readonly nodeId: string;
  readonly epoch: number;
  readonly body: Uint8Array;
}

/** Partition leases, by partition. Each renewal is a replacement, so that its revision shows who is alive. */
export interface PartitionLeaseTable extends VersionedTable<number, PartitionLeaseRow> {
  list(): Promise<readonly PartitionLeaseRow[]>;
}
