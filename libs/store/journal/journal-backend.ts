import type { AppendOutcome, RecordKey } from './journal.ts';

/** A record as an adapter writes it. */
export interface BackendRecord extends RecordKey {
  readonly bytes: Uint8Array;
  /** Kept beside the bytes, so that trimming finds the records that stay without decoding any. */
  readonly isEpoch: boolean;
}

/** What came of one attempt to insert. */
export interface InsertResult {
  /** One for each record, by index. A key that is taken is unknown: our own record may be the one that stands there. */
  readonly outcomes: readonly AppendOutcome[];
  /** Why some are unknown, when it is more than a key that is taken. */
  readonly error?: unknown;
}

/** Which keys to read. Both ends are included. */
export interface KeyRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A record as it was found. */
export interface StoredBytes {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/**
 * What differs between the stores of a journal. Every call ends by itself within seconds and rejects with a
 * `StoreError` when the store does not answer cleanly; reads see what is durable and nothing else.
 */
export interface JournalBackend {
  /** Tries once to insert each record at its key, which none other holds. Never rejects. */
  insert(records: readonly BackendRecord[]): Promise<InsertResult>;
  readOne(key: RecordKey): Promise<Uint8Array | undefined>;
  /**
   * The first records of a range in order, as many as the adapter thinks good for one round trip and for memory; none
   * only when the range holds none.
   */
  readPage(range: KeyRange, signal: AbortSignal): Promise<readonly StoredBytes[]>;
  lastPosition(partition: number): Promise<number>;
  /** Deletes a bounded number of records at and below a position, epoch records excepted; answers whether none is left. */
  deleteSome(partition: number, upTo: number): Promise<boolean>;
}
