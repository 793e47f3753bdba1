import { DomainError } from '#libs/errors/domain-error.ts';
import type { BlobInfo, BlobKey, Blobs } from '#libs/store/blobs/blobs.ts';
import type { KeyLocks } from './key-locks.ts';

/** How long a staged upload is kept for a command to name it. */
export const STAGED_MS: number = 24 * 60 * 60 * 1000;

/** A repeat of an upload that is older than this is staged anew, so that its caller has time to name it. */
const RENEWED_AFTER_MS = STAGED_MS / 2;

/** Names a staged upload. */
export type UploadKey = Extract<BlobKey, { kind: 'upload' }>;

/** Bytes to stage. */
export interface StagedBytes {
  /** Yields the bytes once; throws when they are not what was announced. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Their SHA-256 in lower-case hexadecimal, once the chunks have ended. */
  readonly sha256: () => string;
}

/** How an upload is staged. */
export interface StageOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  /** Shared by all uploads of this process. */
  readonly locks: KeyLocks;
}

/**
 * Stages an upload under its id. An id holds the same bytes until it is swept: a repeat is read to its end and answered
 * with what is there, and other bytes are refused. Of two that come at once with different bytes the one that ends first
 * stands. On one node that is so at all times; between nodes but for the instant between the last look and the write,
 * which is looked at again after it.
 *
 * @throws REQUEST_ID_REUSED, and whatever the chunks throw; then nothing of it can be read.
 */
export async function stageUpload(
  blobs: Blobs,
  key: UploadKey,
  bytes: StagedBytes,
  options: StageOptions,
): Promise<BlobInfo> {
  const { maxBytes, signal, nowMs } = options;
  const isFresh = (info: BlobInfo | undefined): info is BlobInfo =>
    info !== undefined && nowMs() - info.createTime < RENEWED_AFTER_MS;
  const early = await blobs.stat(key);
  if (isFresh(early)) {
    await readToEnd(bytes.chunks, signal);
    assertSame(early, bytes.sha256());
    return early;
  }

  let first: BlobInfo | undefined;
  let release: (() => void) | undefined;
  let isOver = false;
  /** The bytes, and after the last one the turn to write the row. */
  async function* guarded(): AsyncGenerator<Uint8Array, void> {
    yield* bytes.chunks;
    const taken = await options.locks(`${key.tenantId}/${key.uploadId}`);
    if (isOver) {
      taken();
      return;
    }
    release = taken;
    const found = await blobs.stat(key);
    if (found !== undefined && nowMs() - found.createTime < STAGED_MS) {
      assertSame(found, bytes.sha256());
    }
    if (isFresh(found)) {
      // Ends the put, which then leaves nothing.
      first = found;
      throw new DomainError('UNAVAILABLE', 'the same bytes were staged meanwhile');
    }
  }

  try {
    await blobs.put(key, guarded(), { maxBytes, signal, now: nowMs() });
    const stands = await blobs.stat(key);
    if (stands === undefined) {
      throw new DomainError('UNAVAILABLE', 'the upload was removed while it was staged');
    }
    assertSame(stands, bytes.sha256());
    return stands;
  } catch (error) {
    if (first !== undefined) {
      return first;
    }
    throw error;
  } finally {
    isOver = true;
    release?.();
  }
}

async function readToEnd(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  for await (const _chunk of chunks) {
    signal.throwIfAborted();
  }
  signal.throwIfAborted();
}

function assertSame({ key, sha256 }: BlobInfo, found: string): void {
  if (sha256 !== found) {
    const uploadId = key.kind === 'upload' ? key.uploadId : '';
    throw new DomainError('REQUEST_ID_REUSED', 'upload_id is in use for other bytes', {
      metadata: { upload_id: uploadId, expected: sha256, found },
    });
  }
}
