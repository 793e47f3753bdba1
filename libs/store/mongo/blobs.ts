import { Binary, type Db, MongoServerError } from 'mongodb';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { BlobBackend, BlobRow, PutNote } from '../blobs/blob-backend.ts';
import { endOfPrefix } from '../blobs/blob-key.ts';
import type { Blobs } from '../blobs/blobs.ts';
import { createBlobs } from '../blobs/create-blobs.ts';

/** The collections of blobs: their rows, their bytes, and the notes of puts. */
export const BLOB_COLLECTIONS = { rows: 'blobs', chunks: 'blob_chunks', notes: 'blob_notes' } as const;

/** How long one call may take: a chunk of 256 KiB, or a delete of some. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** Chunks of one delete. */
const DELETED_CHUNKS = 64;
const CHUNK_DIGITS = 8;
const DUPLICATE_KEY = 11000;

const WRITE = { writeConcern: { w: 'majority', journal: true } } as const;
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
  signal.throwIfAborted();
  await db.collection(BLOB_COLLECTIONS.rows).createIndex({ kind: 1, createTime: 1, _id: 1 });
  await db.collection(BLOB_COLLECTIONS.notes).createIndex({ time: 1 });
}

/** The blobs in a server of the MongoDB protocol: plain inserts, guarded updates, ranges by `_id` and deletes. */
export function createMongoBlobs(db: Db, options: MongoBlobOptions = {}): Blobs {
  return createBlobs(createMongoBlobBackend(db, options));
}

function createMongoBlobBackend(db: Db, { timeoutMs = DEFAULT_TIMEOUT_MS }: MongoBlobOptions): BlobBackend {
  const limit = { timeoutMS: timeoutMs } as const;
  const rows = db.collection<RowDocument>(BLOB_COLLECTIONS.rows);
  const chunks = db.collection<ChunkDocument>(BLOB_COLLECTIONS.chunks, { promoteBuffers: true });
  const notes = db.collection<NoteDocument>(BLOB_COLLECTIONS.notes);

  async function call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new DomainError('UNAVAILABLE', 'the store of blobs cannot be reached or did not do what was asked', {
        cause: error,
      });
    }
  }

  /** Answers `false` for a key that is taken. */
  const insert = (work: () => Promise<unknown>): Promise<boolean> =>
    call(async () => {
      try {
        await work();
        return true;
      } catch (error) {
        if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) {
          return false;
        }
        throw error;
      }
    });

  return {
    async writeNote({ putId, ...note }) {
      await insert(() => notes.insertOne({ _id: putId, ...note, isClaimed: false }, { ...WRITE, ...limit }));
    },
    renewNote: (putId, time) =>
      call(async () => {
        const filter = { _id: putId, isClaimed: false };
        return (await notes.updateOne(filter, { $set: { time } }, { ...WRITE, ...limit })).matchedCount > 0;
      }),
    claimNote: (putId, before) =>
      call(async () => {
        const filter = { _id: putId, time: { $lt: before } };
        const claimed = await notes.updateOne(filter, { $set: { isClaimed: true } }, { ...WRITE, ...limit });
        return claimed.matchedCount > 0;
      }),
    removeNote: (putId) =>
      call(async () => {
        await notes.deleteOne({ _id: putId }, { ...WRITE, ...limit });
      }),
    notesBefore: (time, count) =>
      call(async () => {
        const filter = { time: { $lt: time } };
        const found = await notes.find(filter, { ...READ, ...limit, sort: { time: 1 }, limit: count }).toArray();
        return found.map((note) => ({ putId: note._id, key: note.key, time: note.time }));
      }),

    addChunk: (putId, index, { bytes, crc }) =>
      call(async () => {
        const document = { _id: chunkId(putId, index), crc, bytes: new Binary(bytes) as unknown as Uint8Array };
        await chunks.insertOne(document, { ...WRITE, ...limit });
      }),
    readChunk: (putId, index) =>
      call(async () => {
        const found = await chunks.findOne({ _id: chunkId(putId, index) }, { ...READ, ...limit });
        return found === null ? undefined : { bytes: found.bytes, crc: found.crc };
      }),
    removeChunks: (putId) =>
      call(async () => {
        const range = { $gte: chunkId(putId, 0), $lt: `${putId}.` };
        for (;;) {
          const options = {
            ...READ,
            ...limit,
            sort: { _id: 1 },
            limit: DELETED_CHUNKS,
            projection: { _id: 1 },
          } as const;
          const last = (await chunks.find({ _id: range }, options).toArray()).at(-1);
          if (last === undefined) {
            return;
          }
          await chunks.deleteMany({ _id: { $gte: range.$gte, $lte: last._id } }, { ...WRITE, ...limit });
        }
      }),

    readRow: (key) =>
      call(async () => {
        const found = await rows.findOne({ _id: key }, { ...READ, ...limit });
        return found === null ? undefined : rowFromDocument(found);
      }),
    writeRow({ key, ...row }, oldPutId) {
      if (oldPutId === undefined) {
        return insert(() => rows.insertOne({ _id: key, ...row }, { ...WRITE, ...limit }));
      }
      return call(
        async () =>
          (await rows.replaceOne({ _id: key, putId: oldPutId }, row, { ...WRITE, ...limit })).matchedCount > 0,
      );
    },
    removeRow: (key, putId) =>
      call(async () => (await rows.deleteOne({ _id: key, putId }, { ...WRITE, ...limit })).deletedCount > 0),
    rowsOfPrefix: (prefix, count) =>
      call(async () => {
        const range = { $gte: prefix, $lt: endOfPrefix(prefix) };
        const options = { ...READ, ...limit, sort: { _id: 1 }, limit: count } as const;
        return (await rows.find({ _id: range }, options).toArray()).map(rowFromDocument);
      }),
    listRows: ({ kind, from, before }, { after, skip, take }) =>
      call(async () => {
        const [time, key] = after ?? [from, ''];
        const filter = {
          kind,
          createTime: { $gte: time, $lt: before },
          $or: [{ createTime: { $gt: time } }, { _id: { $gt: key } }],
        };
        const options = { ...READ, ...limit, sort: { createTime: 1, _id: 1 }, skip, limit: take } as const;
        return (await rows.find(filter, options).toArray()).map(rowFromDocument);
      }),
  };
}

function rowFromDocument({ _id, kind, putId, size, sha256, chunkBytes, createTime }: RowDocument): BlobRow {
  return { key: _id, kind, putId, size, sha256, chunkBytes, createTime };
}

function chunkId(putId: string, index: number): string {
  return `${putId}-${String(index).padStart(CHUNK_DIGITS, '0')}`;
}
