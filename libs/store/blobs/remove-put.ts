import type { BlobBackend } from './blob-backend.ts';

/** Removes the chunks of a put that no row names, then its note. */
export async function removePut(backend: BlobBackend, putId: string): Promise<void> {
  await backend.removeChunks(putId);
  await backend.removeNote(putId);
}
