import { blobsContract } from '#test/contract/store/blobs/blobs-contract.ts';
import { openMongoBlobStore } from '#test/contract/store/blobs/mongo-store.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

describeWithMongo('with a MongoDB-protocol server', (uri) => {
  blobsContract('blobs in MongoDB', () => openMongoBlobStore(uri), { largeBytes: 16 * 1024 * 1024, sequences: 3 });
});
