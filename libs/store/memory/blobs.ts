import type { BlobBackend, BlobChunk, BlobRow, PutNote } from '../blobs/blob-backend.ts';
import type { Blobs } from '../blobs/blobs.ts';
import { createBlobs } from '../blobs/create-blobs.ts';
import { compareText } from '../tables/text-order.ts';

/** Blobs that are gone with the process. */
export function createMemoryBlobs(backend: BlobBackend = createMemoryBlobBackend()): Blobs {
  return createBlobs(backend);
}

/** Rows, notes and chunks, each by its id. Bytes that come in are copied: their owner goes on using the buffer. */
export function createMemoryBlobBackend(): BlobBackend {
  const rows = new Map<string, BlobRow>();
  const notes = new Map<string, PutNote & { readonly isClaimed: boolean }>();
  const puts = new Map<string, BlobChunk[]>();

  return {
    async writeNote(note) {
      if (!notes.has(note.putId)) {
        notes.set(note.putId, { ...note, isClaimed: false });
      }
    },
    async renewNote(putId, time) {
      const note = notes.get(putId);
      if (note === undefined || note.isClaimed) {
        return false;
      }
      notes.set(putId, { ...note, time });
      return true;
    },
    async claimNote(putId, before) {
      const note = notes.get(putId);
      if (note === undefined || note.time >= before) {
        return false;
      }
      notes.set(putId, { ...note, isClaimed: true });
      return true;
    },
    async removeNote(putId) {
      notes.delete(putId);
    },
    async notesBefore(time, limit) {
      return [...notes.values()]
        .filter((note) => note.time < time)
        .toSorted((a, b) => a.time - b.time)
        .slice(0, limit);
    },

    async addChunk(putId, index, { bytes, crc }) {
      const chunks = puts.get(putId) ?? [];
      chunks[index] = { bytes: Uint8Array.from(bytes), crc };
      puts.set(putId, chunks);
    },
    async readChunk(putId, index) {
      return puts.get(putId)?.[index];
    },
    async removeChunks(putId) {
      puts.delete(putId);
    },

    async readRow(key) {
      return rows.get(key);
    },
    async writeRow(row, oldPutId) {
      if (rows.get(row.key)?.putId !== oldPutId) {
        return false;
      }
      rows.set(row.key, row);
      return true;
    },
    async removeRow(key, putId) {
      return rows.get(key)?.putId === putId && rows.delete(key);
    },
    async rowsOfPrefix(prefix, limit) {
      return [...rows.values()].filter(({ key }) => key.startsWith(prefix)).slice(0, limit);
    },
    async listRows({ kind, from, before }, { after, skip, take }) {
      const isAfter = (row: BlobRow): boolean =>
        after === undefined || (row.createTime - after[0] || compareText(row.key, after[1])) > 0;
      return [...rows.values()]
        .filter((row) => row.kind === kind && row.createTime >= from && row.createTime < before && isAfter(row))
        .toSorted((a, b) => a.createTime - b.createTime || compareText(a.key, b.key))
        .slice(skip, skip + take);
    },
  };
}
