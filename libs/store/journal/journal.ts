/** Where a record stands: positions of a partition are 1, 2, 3, … */
export interface RecordKey {
  readonly partition: number;
  readonly position: number;
}

/** A record on its way into the journal: `bytes` come from `encodeRecord` and never change for their key. */
export interface JournalRecord extends RecordKey {
  readonly bytes: Uint8Array;
  /** Sixteen random bytes that tell this record from any other at the same key. They are in `bytes` too. */
  readonly batchId: Uint8Array;
}

/**
 * What is known after one attempt. Everything but a clean acknowledgement is unknown: a time-out, a cut connection, a
 * duplicate key, an error from the commit. [journal.md 5]
 */
export type AppendOutcome = 'committed' | 'unknown';

/** What is known for good: `lost` means that another owner's record stands at the key. */
export type SettledOutcome = 'committed' | 'lost';

/** A record as it was read back, its checksum verified. */
export interface StoredRecord extends RecordKey {
  readonly isEpoch: boolean;
  readonly epoch: number;
  readonly batchId: Uint8Array;
  readonly entries: readonly Uint8Array[];
}

/** Which records to read: from a position, up to another one included where that is given. */
export interface ReadRange {
  readonly from: number;
  readonly to?: number;
}

/**
 * The log of every partition. Inserting at a key is the fence: the key is unique, so that of two owners one loses and
 * knows it. There is at most one append per partition on its way. [journal.md 1–7]
 */
export interface Journal {
  /**
   * Inserts one record per partition in one round trip, each at its own key, and answers for each by its index. The
   * partitions have nothing to do with each other but the trip: one may be committed and the next unknown. Never
   * rejects: why an attempt failed is told to the journal's context.
   */
  append(records: readonly JournalRecord[]): Promise<readonly AppendOutcome[]>;

  /**
   * Finds out what became of a record whose outcome is unknown: reads its key, and where nothing stands there inserts
   * the very same bytes again, until one or the other is known. Absence proves nothing, because a delayed insert may
   * still land. [journal.md 6]
   *
   * @throws the signal's reason when it aborts, or a StoreError that is final; the outcome is unknown as before.
   * @throws DATA_CORRUPTION when what stands at the key is no record.
   */
  settle(record: JournalRecord, signal: AbortSignal): Promise<SettledOutcome>;

  /**
   * Reads in order of position, a page at a time.
   *
   * @throws DATA_CORRUPTION at a record that does not decode or fails its checksum. It is never skipped.
   * @throws StoreError when the store does not answer.
   */
  read(partition: number, range: ReadRange, signal: AbortSignal): AsyncIterable<StoredRecord>;

  /**
   * Inserts an epoch record at the end of a partition and answers its position: from then on whoever owned the
   * partition before collides. Races with other writers until one position is won. Of what was trimmed or restored
   * without its records `after` tells the end: the epoch record stands behind it too.
   *
   * @throws the signal's reason when it aborts, or a StoreError when the store does not answer; the record may still
   * land. Calling it again writes another one.
   */
  writeEpoch(partition: number, epoch: number, signal: AbortSignal, after?: number): Promise<number>;

  /** The highest position of a partition; 0 when it has none. */
  lastPosition(partition: number): Promise<number>;

  /**
   * Deletes what lies at and below a position, epoch records excepted: they are never deleted, so that a sleeper always
   * collides. Whoever trims leaves the last record, for the next epoch record stands behind it. Goes in steps, so that commits are not held up; what was deleted when the signal aborts stays deleted.
   * Idempotent. [journal.md 4]
   *
   * @throws the signal's reason when it aborts.
   */
  trim(partition: number, upTo: number, signal: AbortSignal): Promise<void>;
}
