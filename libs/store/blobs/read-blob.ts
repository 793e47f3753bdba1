import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { BlobBackend, BlobChunk, BlobRow } from './blob-backend.ts';

/**
 * Yields the bytes of a blob, one chunk in memory at a time. A chunk leaves only after its length and CRC were found
 * right; the last one only after the SHA-256 of the whole was, so that whoever got all of it got what was put.
 *
 * A blob that is put again with the same bytes meanwhile is read on from the new put, for chunks are cut alike.
 *
 * @throws DATA_CORRUPTION for bytes that are not what was put.
 * @throws UNAVAILABLE when the blob was deleted or replaced by other bytes meanwhile.
 */
export async function* readBlob(
  backend: BlobBackend,
  first: BlobRow,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { key, size, sha256, chunkBytes } = first;
  const count = Math.ceil(size / chunkBytes);
  const hash = createHash('sha256');
  let { putId } = first;
  for (let index = 0; index < count; index += 1) {
    signal.throwIfAborted();
    let chunk = await backend.readChunk(putId, index);
    while (chunk === undefined) {
      putId = await nextPutId(backend, first, putId, index);
      signal.throwIfAborted();
      chunk = await backend.readChunk(putId, index);
    }
    assertChunk(chunk, Math.min(chunkBytes, size - index * chunkBytes), `chunk ${index} of the blob ${key}`);
    hash.update(chunk.bytes);
    if (index === count - 1 && hash.digest('hex') !== sha256) {
      throw corrupt(`the SHA-256 of the blob ${key} is not the one of what was put`);
    }
    yield chunk.bytes;
  }
}

/** The put to go on with after a chunk was missing. */
async function nextPutId(backend: BlobBackend, first: BlobRow, putId: string, index: number): Promise<string> {
  const row = await backend.readRow(first.key);
  if (row?.putId === putId) {
    throw corrupt(`chunk ${index} of the blob ${first.key} is missing`);
  }
  if (row === undefined || row.sha256 !== first.sha256 || row.chunkBytes !== first.chunkBytes) {
    throw new DomainError('UNAVAILABLE', 'the blob was deleted or replaced while it was read');
  }
  return row.putId;
}

function assertChunk({ bytes, crc }: BlobChunk, length: number, name: string): void {
  if (bytes.length !== length) {
    throw corrupt(`${name} has ${bytes.length} bytes in place of ${length}`);
  }
  if (crc32(bytes) !== crc) {
    throw corrupt(`${name} fails its checksum`);
  }
}

function corrupt(message: string): DomainError {
  return new DomainError('DATA_CORRUPTION', message);
}
