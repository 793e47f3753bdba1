import type { IncarnationKey } from '../tables/keys.ts';
import type { Page, PageRequest } from '../tables/page.ts';

/**
 * Names a blob. Payloads belong to one incarnation and go with it; staged uploads to whoever has the upload's id;
 * packages and free blobs to their tenant. [journal.md 25]
 */
export type BlobKey =
  | ({ readonly kind: 'payload'; readonly sha256: string } & IncarnationKey)
  | { readonly kind: 'upload'; readonly tenantId: string; readonly uploadId: string }
  | { readonly kind: 'package'; readonly tenantId: string; readonly digest: string }
  | { readonly kind: 'blob'; readonly tenantId: string; readonly sha256: string };

/** The kinds of blobs. */
export type BlobKind = BlobKey['kind'];

/** What is known of a blob without its bytes. */
export interface BlobInfo {
  readonly key: BlobKey;
  /**
   * Names the put that stored it. Two puts of the same bytes have two: a key that is made of a digest always holds the
   * same bytes, so that nothing else tells one's own put from the one that came after it.
   */
  readonly putId: string;
  readonly size: number;
  /** SHA-256 of the bytes in lower-case hex. */
  readonly sha256: string;
  readonly createTime: number;
}

/** Bytes that are too large for a row, in chunks. Each put has its own chunks, so that puts never mix. */
export interface Blobs {
  /**
   * Stores what `chunks` yield and answers once all of it is durable and can be read. A blob that is there is replaced
   * at once and whole: readers get the old bytes or the new. A put that fails or is aborted leaves nothing that can be
   * read, and what it wrote is swept.
   *
   * @throws PAYLOAD_TOO_LARGE once more than `maxBytes` came in.
   */
  put(
    key: BlobKey,
    chunks: AsyncIterable<Uint8Array>,
    options: { readonly maxBytes: number; readonly signal: AbortSignal; readonly now: number },
  ): Promise<BlobInfo>;
  stat(key: BlobKey): Promise<BlobInfo | undefined>;
  /**
   * Yields the bytes, never more than a few chunks ahead of the reader; nothing where there is no such blob.
   *
   * @throws DATA_CORRUPTION before the chunk that is not what was put, and at the end if the whole is not.
   */
  get(key: BlobKey, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Answers whether there was one. With `onlyPutId` a blob that another put stored stays, and the answer is `false`. */
  delete(key: BlobKey, onlyPutId?: string): Promise<boolean>;
  /** Every payload of an incarnation. At most `limit`; answers whether nothing is left. */
  deletePayloads(key: IncarnationKey, limit: number): Promise<boolean>;
  /** Blobs of a kind that are older than a time, oldest first: for the sweep of those that nobody names. */
  listOlderThan(kind: BlobKind, time: number, page: PageRequest): Promise<Page<BlobInfo>>;
  /** Blobs of a kind that were put at a time or after it, oldest first: what a backup copies. */
  listFrom(kind: BlobKind, time: number, page: PageRequest): Promise<Page<BlobInfo>>;
  /** Removes chunks of puts that never finished, older than a time; at most `limit`; answers how many puts. */
  sweepUnfinished(before: number, limit: number): Promise<number>;
}
