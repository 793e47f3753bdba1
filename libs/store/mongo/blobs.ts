import { Binary, type Db, MongoError, MongoErrorLabel, MongoNetworkError } from 'mongodb';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { BlobBackend, BlobRow, PutNote } from '../blobs/blob-backend.ts';
import { endOfPrefix } from '../blobs/blob-key.ts';
import type { Blobs } from '../blobs/blobs.ts';
import { createBlobs } from '../blobs/create-blobs.ts';
import { createIndexes } from './collection-commands.ts';
import { callStore } from './store-call.ts';
import { deleteAll, deleteOne, insertOne, updateOne } from './write-command.ts';

/** The collections of blobs: their rows, their bytes, and the notes of puts. */
export const BLOB_COLLECTIONS = { rows: 'blobs', chunks: 'blob_chunks', notes: 'blob_notes' } as const;

/** How long one call may take: a chunk of 256 KiB, or a delete of some. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** Chunks of one delete. */
const DELETED_CHUNKS = 64;
const CHUNK_DIGITS = 8;
const WHAT = 'the store of blobs';
const READ = { readConcern: { level: 'majority' }, readPreference: 'primary' } as const;

type RowDocument = Omit<BlobRow, 'key'> & { readonly _id: string };
type NoteDocument = Omit<PutNote, 'putId'> & { readonly _id: string; readonly isClaimed: boolean };
interface ChunkDocument {
  /** The put and the number in fixed width, so that a put's chunks are a range of the built-in index. */
  readonly _id: string;
  readonly crc: number;
  readonly bytes: Uint8Array;
}

/** How blobs in MongoDB work. */
export interface MongoBlobOptions {
  /** When a call has failed. 10 000 by default. */
  readonly timeoutMs?: number;
}

/** Makes the indexes that blobs need. Safe to repeat. */
export async function createMongoBlobIndexes(db: Db, signal: AbortSignal): Promise<void> {
  const byTime = { name: 'kind_1_createTime_1__id_1', key: { kind: 1, createTime: 1, _id: 1 } };
  await createIndexes(db, BLOB_COLLECTIONS.rows, [byTime], signal);
  await createIndexes(db, BLOB_COLLECTIONS.notes, [{ name: 'time_1', key: { time: 1 } }], signal);
}

/** The blobs in a server of the MongoDB protocol: plain inserts, guarded updates, ranges by `_id` and deletes. */
export function createMongoBlobs(db: Db, options: MongoBlobOptions = {}): Blobs {
  return createBlobs(createMongoBlobBackend(db, options));
}

function createMongoBlobBackend(db: Db, { timeoutMs = DEFAULT_TIMEOUT_MS }: MongoBlobOptions): BlobBackend {
  const rows = db.collection<RowDocument>(BLOB_COLLECTIONS.rows, READ);
  const chunks = db.collection<ChunkDocument>(BLOB_COLLECTIONS.chunks, { ...READ, promoteBuffers: true });
  const notes = db.collection<NoteDocument>(BLOB_COLLECTIONS.notes, READ);
  const bounds = { timeoutMs };

  const read = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => callStore(WHAT, bounds, work);

  /** Does a write that names its put, so that a repeat finds out what the first try did. */
  const write = <T>(work: (signal: AbortSignal, isRepeat: boolean) => Promise<T>): Promise<T> =>
    callStore(WHAT, bounds, (signal) => repeatOnce(signal, (isRepeat) => work(signal, isRepeat)));

  return {
    async writeNote({ putId, ...note }) {
      await write((signal) => insertOne(db, BLOB_COLLECTIONS.notes, { _id: putId, ...note, isClaimed: false }, signal));
    },
    renewNote: (putId, time) =>
      write((signal) =>
        updateOne(db, BLOB_COLLECTIONS.notes, { _id: putId, isClaimed: false }, { $set: { time } }, signal),
      ),
    claimNote: (putId, before) =>
      write((signal) => {
        const filter = { _id: putId, time: { $lt: before } };
        return updateOne(db, BLOB_COLLECTIONS.notes, filter, { $set: { isClaimed: true } }, signal);
      }),
    async removeNote(putId) {
      await write((signal) => deleteOne(db, BLOB_COLLECTIONS.notes, { _id: putId }, signal));
    },
    notesBefore: (time, count) =>
      read(async (signal) => {
        const options = { sort: { time: 1 }, limit: count, batchSize: count, signal } as const;
        const found = await notes.find({ time: { $lt: time } }, options).toArray();
        return found.map((note) => ({ putId: note._id, key: note.key, time: note.time }));
      }),

    async addChunk(putId, index, { bytes, crc }) {
      const document = { _id: chunkId(putId, index), crc, bytes: new Binary(bytes) };
      const isAdded = await write(
        // Nobody else has this put's id: what stands there is what the first try wrote.
        async (signal, isRepeat) => (await insertOne(db, BLOB_COLLECTIONS.chunks, document, signal)) || isRepeat,
      );
      if (!isAdded) {
        throw new DomainError('UNAVAILABLE', `${WHAT} already has the chunk ${index} of the put`);
      }
    },
    readChunk: (putId, index) =>
      read(async (signal) => {
        const found = await chunks.findOne({ _id: chunkId(putId, index) }, { signal });
        return found === null ? undefined : { bytes: found.bytes, crc: found.crc };
      }),
    async removeChunks(putId) {
      const from = chunkId(putId, 0);
      const options = { sort: { _id: 1 }, limit: DELETED_CHUNKS, projection: { _id: 1 } } as const;
      for (;;) {
        const range = { $gte: from, $lt: `${putId}.` };
        const found = await read((signal) => chunks.find({ _id: range }, { ...options, signal }).toArray());
        const last = found.at(-1);
        if (last === undefined) {
          return;
        }
        const some = { _id: { $gte: from, $lte: last._id } };
        await write((signal) => deleteAll(db, BLOB_COLLECTIONS.chunks, some, signal));
      }
    },

    readRow: (key) =>
      read(async (signal) => {
        const found = await rows.findOne({ _id: key }, { signal });
        return found === null ? undefined : rowFromDocument(found);
      }),
    writeRow: ({ key, ...row }, oldPutId) =>
      // Never repeated here: between two tries another put may have taken this one's place and its chunks.
      read(async (signal) => {
        const isWritten =
          oldPutId === undefined
            ? await insertOne(db, BLOB_COLLECTIONS.rows, { _id: key, ...row }, signal)
            : await updateOne(db, BLOB_COLLECTIONS.rows, { _id: key, putId: oldPutId }, row, signal);
        if (isWritten) {
          return true;
        }
        // What stands there may be this row: of a try whose answer was lost, or that came late.
        const standing = await rows.findOne({ _id: key }, { projection: { putId: 1 }, signal });
        return standing?.putId === row.putId;
      }),
    removeRow: (key, putId) =>
      // Nobody writes a row of this put again: where a repeat finds none, it is gone as was asked.
      write(
        async (signal, isRepeat) =>
          (await deleteOne(db, BLOB_COLLECTIONS.rows, { _id: key, putId }, signal)) || isRepeat,
      ),
    rowsOfPrefix: (prefix, count) =>
      read(async (signal) => {
        const range = { $gte: prefix, $lt: endOfPrefix(prefix) };
        const options = { sort: { _id: 1 }, limit: count, batchSize: count, signal } as const;
        return (await rows.find({ _id: range }, options).toArray()).map(rowFromDocument);
      }),
    listRows: ({ kind, from, before }, { after, skip, take }) =>
      read(async (signal) => {
        const [time, key] = after ?? [from, ''];
        const filter = {
          kind,
          createTime: { $gte: time, $lt: before },
          $or: [{ createTime: { $gt: time } }, { _id: { $gt: key } }],
        };
        const options = { sort: { createTime: 1, _id: 1 }, skip, limit: take, batchSize: take, signal } as const;
        return (await rows.find(filter, options).toArray()).map(rowFromDocument);
      }),
  };
}

/**
 * Tries once more, in what is left of the time, where the connection broke or the server has just stopped to be the
 * primary: a put of many chunks outlives a fail-over.
 */
async function repeatOnce<T>(signal: AbortSignal, attempt: (isRepeat: boolean) => Promise<T>): Promise<T> {
  try {
    return await attempt(false);
  } catch (error) {
    const mayPass =
      error instanceof MongoNetworkError ||
      (error instanceof MongoError && error.hasErrorLabel(MongoErrorLabel.RetryableWriteError));
    if (!mayPass || signal.aborted) {
      throw error;
    }
    return await attempt(true);
  }
}

function rowFromDocument({ _id, kind, putId, size, sha256, chunkBytes, createTime }: RowDocument): BlobRow {
  return { key: _id, kind, putId, size, sha256, chunkBytes, createTime };
}

function chunkId(putId: string, index: number): string {
  return `${putId}-${String(index).padStart(CHUNK_DIGITS, '0')}`;
}
