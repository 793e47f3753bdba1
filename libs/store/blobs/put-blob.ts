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
  const replaced = await writeRow(backend, row);
  await removeReplaced(backend, putId, replaced).catch(() => undefined);
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

/** Answers the put that was replaced. An attempt whose outcome is unknown is settled by looking. */
async function writeRow(backend: BlobBackend, row: BlobRow): Promise<string | undefined> {
  let replaced: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (await backend.writeRow(row, replaced)) {
        return replaced;
      }
      const old = await backend.readRow(row.key);
      if (old?.putId === row.putId) {
        return replaced;
      }
      if (old !== undefined) {
        await backend.writeNote({ putId: old.putId, key: row.key, time: row.createTime });
      }
      replaced = old?.putId;
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !(error instanceof DomainError) || error.kind !== 'unavailable') {
        throw error;
      }
    }
  }
}

async function removeReplaced(backend: BlobBackend, putId: string, replaced: string | undefined): Promise<void> {
  await backend.removeNote(putId);
  if (replaced !== undefined) {
    await removePut(backend, replaced);
  }
}
