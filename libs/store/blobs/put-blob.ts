import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { BlobBackend, BlobRow } from './blob-backend.ts';
import { textFromBlobKey } from './blob-key.ts';
import type { BlobKey } from './blobs.ts';
import { CHUNK_BYTES, chunksOf } from './chunk-bytes.ts';
import { removePut } from './remove-put.ts';

/** How often a row is written whose store does not answer; each attempt takes seconds. */
const MAX_ATTEMPTS = 3;

/** How a blob is put. */
export interface PutOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly now: number;
  /** A clock that only goes forward. */
  readonly elapsedMs: () => number;
}

/**
 * Stores a blob in steps that may each be the last one:
 *
 * 1. a note of the put; from here on a sweep finds whatever is left of it
 * 2. the chunks, under the put's own id
 * 3. the note is renewed: a sweep that took the put for dead has removed it, and then the put fails
 * 4. a note of the put that is replaced, if there is one
 * 5. the row, guarded by the put that it replaces: now readers get the new bytes
 * 6. what was replaced goes, with its note; then the put's own note
 */
export async function putBlob(
  backend: BlobBackend,
  key: BlobKey,
  source: AsyncIterable<Uint8Array>,
  options: PutOptions,
  putId: string,
): Promise<BlobRow> {
  const { signal, now } = options;
  const text = textFromBlobKey(key);
  const startedMs = options.elapsedMs();
  signal.throwIfAborted();
  let row: BlobRow;
  try {
    await backend.writeNote({ putId, key: text, time: now });
    const { size, sha256 } = await writeChunks(backend, putId, source, options);
    row = { key: text, kind: key.kind, putId, size, sha256, chunkBytes: CHUNK_BYTES, createTime: now };
    if (!(await backend.renewNote(putId, Math.round(now + options.elapsedMs() - startedMs)))) {
      throw new DomainError('UNAVAILABLE', 'the put took so long that it was swept');
    }
    signal.throwIfAborted();
  } catch (error) {
    await removePut(backend, putId).catch(() => undefined);
    throw error;
  }
  // From here on a failure leaves open whether the row stands: nothing is removed then but by the sweep, which looks.
  const outcome = await writeRow(backend, row);
  if (outcome.kind === 'stands') {
    await removeReplaced(backend, putId, outcome.replaced).catch(() => undefined);
  }
  return row;
}

async function writeChunks(
  backend: BlobBackend,
  putId: string,
  source: AsyncIterable<Uint8Array>,
  { maxBytes, signal }: PutOptions,
): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  let index = 0;
  for await (const bytes of chunksOf(limited(source, maxBytes), CHUNK_BYTES, signal)) {
    hash.update(bytes);
    size += bytes.length;
    await backend.addChunk(putId, index, { bytes, crc: crc32(bytes) });
    index += 1;
  }
  signal.throwIfAborted();
  return { size, sha256: hash.digest('hex') };
}

async function* limited(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  for await (const part of source) {
    size += part.length;
    if (size > maxBytes) {
      throw new DomainError('PAYLOAD_TOO_LARGE', `the blob has more than the ${maxBytes} bytes that are allowed`, {
        metadata: { limit: String(maxBytes) },
      });
    }
    yield part;
  }
}

/** How a row's writing ended: it stands in place of another put or of none, or a later put has taken its place. */
type RowOutcome = { readonly kind: 'stands'; readonly replaced: string | undefined } | { readonly kind: 'superseded' };

/**
 * Writes the row in place of whatever stands. An attempt whose outcome is unknown is settled by looking, and is repeated
 * only while the put that it replaces still stands: if anything else does, the row may have stood meanwhile and its
 * chunks may be gone with it, so that writing it again would name bytes that are not there.
 *
 * @throws UNAVAILABLE when it stays unknown.
 */
async function writeRow(backend: BlobBackend, row: BlobRow): Promise<RowOutcome> {
  let replaced: string | undefined;
  let failures = 0;
  for (;;) {
    try {
      if (await backend.writeRow(row, replaced)) {
        return { kind: 'stands', replaced };
      }
    } catch (error) {
      failures = assertRepeatable(error, failures);
    }
    const standing = await readStanding(backend, row.key, failures);
    if (standing === row.putId) {
      return { kind: 'stands', replaced };
    }
    if (failures === 0) {
      if (standing !== undefined) {
        await backend.writeNote({ putId: standing, key: row.key, time: row.createTime });
      }
      replaced = standing;
    } else if (standing === undefined) {
      throw new DomainError('UNAVAILABLE', 'it is not known whether the blob was put');
    } else if (standing !== replaced) {
      return { kind: 'superseded' };
    }
  }
}

async function readStanding(backend: BlobBackend, key: string, failures: number): Promise<string | undefined> {
  for (let failed = failures; ; ) {
    try {
      return (await backend.readRow(key))?.putId;
    } catch (error) {
      failed = assertRepeatable(error, failed);
    }
  }
}

/** Counts a failure of the store. */
function assertRepeatable(error: unknown, failures: number): number {
  if (failures + 1 >= MAX_ATTEMPTS || !(error instanceof DomainError) || error.kind !== 'unavailable') {
    throw error;
  }
  return failures + 1;
}

async function removeReplaced(backend: BlobBackend, putId: string, replaced: string | undefined): Promise<void> {
  await backend.removeNote(putId);
  if (replaced !== undefined) {
    await removePut(backend, replaced);
  }
}
