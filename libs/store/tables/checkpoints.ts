/** How far a partition's tables follow its journal, with the partition's own state at exactly that position. */
export interface CheckpointRow {
  readonly partition: number;
  readonly position: number;
  readonly epoch: number;
  readonly body: Uint8Array;
}

/** Checkpoints, by partition. */
export interface CheckpointTable {
  readCheckpoint(partition: number): Promise<CheckpointRow | undefined>;
  /**
   * Answers `false` when the stored one is at an equal or higher position, and changes nothing. What `RowWriter` wrote
   * before is durable once it answers.
   */
  writeCheckpoint(row: CheckpointRow): Promise<boolean>;
}

/** Named marks that only move forward: how far the publisher has come, and the like. */
export interface CursorTable {
  readCursor(name: string): Promise<number | undefined>;
  /** Answers `false` when the stored mark is equal or higher, and changes nothing. */
  writeCursor(name: string, value: number): Promise<boolean>;
}
