import { randomUUID } from 'node:crypto';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { ListOrder } from '../tables/list-order.ts';
import type { Page, PageRequest } from '../tables/page.ts';
import { readPage } from '../tables/read-page.ts';
import type { BlobBackend, BlobPlace, BlobRange, BlobRow } from './blob-backend.ts';
import { parseBlobKey, payloadPrefix, textFromBlobKey } from './blob-key.ts';
import type { BlobInfo, BlobKind, Blobs } from './blobs.ts';
import { putBlob } from './put-blob.ts';
import { readBlob } from './read-blob.ts';
import { removePut } from './remove-put.ts';

/** What blobs need of the world. */
export interface BlobContext {
  /** An id that no other put has. */
  readonly newPutId: () => string;
  /** A clock that only goes forward. */
  readonly elapsedMs: () => number;
}

/** The real time and randomness. */
const BLOB_CONTEXT: BlobContext = { newPutId: () => randomUUID(), elapsedMs: () => performance.now() };

const BLOB_ORDER: ListOrder<BlobRow, BlobPlace> = {
  list: 'blobs',
  parts: ['number', 'text'],
  placeOf: (row) => [row.createTime, row.key],
};

/** Makes blobs of what an adapter can do: whatever is the same for all of them is here. */
export function createBlobs(backend: BlobBackend, context: BlobContext = BLOB_CONTEXT): Blobs {
  async function remove(row: BlobRow): Promise<boolean> {
    await backend.writeNote({ putId: row.putId, key: row.key, time: row.createTime });
    const isGone = await backend.removeRow(row.key, row.putId);
    if (isGone) {
      // Nobody can read it now: what cannot be cleaned up is left to the sweep.
      await removePut(backend, row.putId).catch(() => undefined);
    }
    return isGone;
  }

  async function list({ kind, from, before }: BlobRange, request: PageRequest): Promise<Page<BlobInfo>> {
    assertTime('from', from);
    assertTime('before', before);
    const scope = { tenantId: '', filter: { kind, from, before } };
    const page = await readPage(BLOB_ORDER, scope, request, (range) => backend.listRows({ kind, from, before }, range));
    return { rows: page.rows.map(infoFromRow), nextToken: page.nextToken };
  }

  return {
    async put(key, chunks, options) {
      const row = await putBlob(backend, key, chunks, { ...options, elapsedMs: context.elapsedMs }, context.newPutId());
      return infoFromRow(row);
    },

    async stat(key) {
      const row = await backend.readRow(textFromBlobKey(key));
      return row === undefined ? undefined : infoFromRow(row);
    },

    async get(key, signal) {
      signal.throwIfAborted();
      const row = await backend.readRow(textFromBlobKey(key));
      return row === undefined ? undefined : readBlob(backend, row, signal);
    },

    async delete(key, onlyPutId) {
      const text = textFromBlobKey(key);
      for (;;) {
        const row = await backend.readRow(text);
        if (row === undefined || (onlyPutId !== undefined && row.putId !== onlyPutId)) return false;
        if (await remove(row)) return true;
      }
    },

    async deletePayloads(key, limit) {
      // The key as a whole is checked before a prefix is made of it.
      textFromBlobKey({ kind: 'payload', sha256: '', ...key });
      const rows = await backend.rowsOfPrefix(payloadPrefix(key), limit + 1);
      for (const row of rows.slice(0, limit)) {
        await remove(row);
      }
      return rows.length <= limit;
    },

    listOlderThan: (kind, time, page) => list({ kind, from: OLDEST, before: time }, page),
    listFrom: (kind: BlobKind, time, page) => list({ kind, from: time, before: NEWEST }, page),

    async sweepUnfinished(before, limit) {
      let swept = 0;
      for (const note of await backend.notesBefore(before, limit)) {
        const row = await backend.readRow(note.key);
        if (row?.putId === note.putId) {
          await backend.removeNote(note.putId);
        } else if (await backend.claimNote(note.putId, before)) {
          // A put that was about to write its row cannot renew the note any more. The row may have come before that.
          const late = await backend.readRow(note.key);
          await (late?.putId === note.putId
            ? backend.removeNote(note.putId)
            : removePut(backend, note.putId).then(() => (swept += 1)));
        }
      }
      return swept;
    },
  };
}

const OLDEST: number = Number.MIN_SAFE_INTEGER;
const NEWEST: number = Number.MAX_SAFE_INTEGER;

function infoFromRow({ key, putId, size, sha256, createTime }: BlobRow): BlobInfo {
  return { key: parseBlobKey(key), putId, size, sha256, createTime };
}

function assertTime(field: string, time: number): void {
  if (!Number.isSafeInteger(time)) {
    const description = `must be a whole number of milliseconds, not ${time}`;
    throw new DomainError('INVALID_FIELDS', `${field} ${description}`, { violations: [{ field, description }] });
  }
}
