import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BLOBS_FILE, openSqliteBlobs } from '#libs/store/sqlite/blobs.ts';
import type { BlobStore } from './blobs-contract.ts';

/** Blobs in a folder of its own, which is removed at the end. */
export async function openSqliteBlobStore(): Promise<BlobStore> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-blobs-'));
  const stack = new AsyncDisposableStack();
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  stack.use(openSqliteBlobs(folder));
  const raw = new DatabaseSync(join(folder, BLOBS_FILE), { timeout: 1_000 });
  stack.defer(() => raw.close());
  return {
    open: async () => stack.use(openSqliteBlobs(folder)).blobs,
    async flipByte(putId) {
      const row = raw.prepare('SELECT id, bytes FROM chunks WHERE put_id = ? AND number = 0').get(putId);
      const bytes = row?.['bytes'] as Uint8Array;
      bytes[77] = (bytes[77] ?? 0) ^ 1;
      raw.prepare('UPDATE chunks SET bytes = ? WHERE id = ?').run(bytes, row?.['id'] as number);
    },
    async loseChunk(putId) {
      raw.prepare('DELETE FROM chunks WHERE put_id = ? AND number = 0').run(putId);
    },
    async countChunks(putId) {
      return Number(raw.prepare('SELECT count(*) AS count FROM chunks WHERE put_id = ?').get(putId)?.['count']);
    },
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}
