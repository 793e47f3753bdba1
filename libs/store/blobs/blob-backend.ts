import type { PageRange } from '../tables/read-page.ts';
import type { BlobKind } from './blobs.ts';

/** Where a blob stands in lists: when it was put, then its key's text. */
export type BlobPlace = readonly [createTime: number, key: string];

/** A blob as an adapter keeps it. */
export interface BlobRow {
  /** From `textFromBlobKey`. */
  readonly key: string;
  readonly kind: BlobKind;
  /** The put whose chunks hold the bytes. */
  readonly putId: string;
  readonly size: number;
  readonly sha256: string;
  /** Bytes of each chunk but the last. */
  readonly chunkBytes: number;
  readonly createTime: number;
}

/** A part of a blob's bytes. */
export interface BlobChunk {
  readonly bytes: Uint8Array;
  /** CRC-32 of the bytes. */
  readonly crc: number;
}

/**
 * A note that chunks of a put may lie about which no row names: it is written before they are, or before their row goes,
 * and removed once they are gone or named.
 */
export interface PutNote {
  readonly putId: string;
  /** The key of the row that names the chunks, if one does. */
  readonly key: string;
  readonly time: number;
}

/** Which rows of a kind to list: all put before a time, or all from it on. */
export interface BlobRange {
  readonly kind: BlobKind;
  readonly from: number;
  /** Not included. */
  readonly before: number;
}

/**
 * What differs between the stores of blobs. Every write is durable when it answers, and all of a call or nothing of it
 * is done. A call ends by itself within seconds.
 */
export interface BlobBackend {
  /** Writes the note where there is none for the same put. */
  writeNote(note: PutNote): Promise<void>;
  /** Sets the time of a note; answers `false` where there is none or it is claimed. */
  renewNote(putId: string, time: number): Promise<boolean>;
  /** Claims a note that is older than a time for a sweep, for good; answers `false` where there is none so old. */
  claimNote(putId: string, before: number): Promise<boolean>;
  removeNote(putId: string): Promise<void>;
  /** Notes that are older than a time, at most `limit`. */
  notesBefore(time: number, limit: number): Promise<readonly PutNote[]>;

  addChunk(putId: string, index: number, chunk: BlobChunk): Promise<void>;
  readChunk(putId: string, index: number): Promise<BlobChunk | undefined>;
  /** Removes all chunks of a put. Safe to repeat. */
  removeChunks(putId: string): Promise<void>;

  readRow(key: string): Promise<BlobRow | undefined>;
  /** Inserts the row where `oldPutId` is undefined, else replaces the one of that put; `false` when another stands. */
  writeRow(row: BlobRow, oldPutId: string | undefined): Promise<boolean>;
  /** Removes the row of that put; `false` when there is none. */
  removeRow(key: string, putId: string): Promise<boolean>;
  /** Rows whose key begins with a prefix that ends in a slash, at most `limit`. */
  rowsOfPrefix(prefix: string, limit: number): Promise<readonly BlobRow[]>;
  /** In order of place. */
  listRows(range: BlobRange, page: PageRange<BlobPlace>): Promise<readonly BlobRow[]>;
}
