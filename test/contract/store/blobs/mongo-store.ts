import { randomUUID } from 'node:crypto';
import { Binary, MongoClient } from 'mongodb';
import { BLOB_COLLECTIONS, createMongoBlobIndexes, createMongoBlobs } from '#libs/store/mongo/blobs.ts';
import type { BlobStore } from './blobs-contract.ts';

/** Blobs in a database of its own, which is dropped at the end. */
export async function openMongoBlobStore(uri: string): Promise<BlobStore> {
  const stack = new AsyncDisposableStack();
  const connect = async (): Promise<MongoClient> =>
    stack.use(await new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 }).connect());
  const name = `millrace_test_${randomUUID()}`;
  const db = (await connect()).db(name);
  stack.defer(async () => void (await db.dropDatabase()));
  await createMongoBlobIndexes(db, new AbortController().signal);
  const chunks = db.collection<{ _id: string; bytes: Binary }>(BLOB_COLLECTIONS.chunks);
  const firstChunk = (putId: string): string => `${putId}-00000000`;
  return {
    open: async () => createMongoBlobs((await connect()).db(name), { timeoutMs: 30_000 }),
    async flipByte(putId) {
      const found = await chunks.findOne({ _id: firstChunk(putId) });
      const bytes = Buffer.from(found?.bytes.buffer ?? []);
      bytes[77] = (bytes[77] ?? 0) ^ 1;
      await chunks.updateOne({ _id: firstChunk(putId) }, { $set: { bytes: new Binary(bytes) } });
    },
    async loseChunk(putId) {
      await chunks.deleteOne({ _id: firstChunk(putId) });
    },
    countChunks: (putId) => chunks.countDocuments({ _id: { $gte: `${putId}-`, $lt: `${putId}.` } }),
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}
