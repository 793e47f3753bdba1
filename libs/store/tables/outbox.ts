/** A message from one partition to another that is not acknowledged yet. */
export interface OutboxRow {
  readonly sourcePartition: number;
  readonly targetPartition: number;
  /** 1, 2, 3, … per source and target. */
  readonly number: number;
  readonly body: Uint8Array;
}

/** Names a message. */
export type OutboxKey = Pick<OutboxRow, 'sourcePartition' | 'targetPartition' | 'number'>;

/** Messages between partitions. [journal.md 22] */
export interface OutboxTable {
  /** In order of target and number; after a message, if one is given. */
  readOutbox(sourcePartition: number, limit: number, after?: OutboxKey): Promise<readonly OutboxRow[]>;
}
