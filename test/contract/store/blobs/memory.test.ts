import { createMemoryBlobBackend, createMemoryBlobs } from '#libs/store/memory/blobs.ts';
import { blobsContract } from './blobs-contract.ts';

blobsContract(
  'blobs in memory',
  async () => {
    const backend = createMemoryBlobBackend();
    const countChunks = async (putId: string, index = 0): Promise<number> =>
      (await backend.readChunk(putId, index)) === undefined ? 0 : 1 + (await countChunks(putId, index + 1));
    return {
      open: async () => createMemoryBlobs(backend),
      async flipByte(putId) {
        const chunk = await backend.readChunk(putId, 0);
        if (chunk !== undefined) chunk.bytes[77] = (chunk.bytes[77] ?? 0) ^ 1;
      },
      loseChunk: (putId) => backend.removeChunks(putId),
      countChunks,
      [Symbol.asyncDispose]: async () => {},
    };
  },
  { largeBytes: 32 * 1024 * 1024, sequences: 30 },
);
