import { blobsContract } from './blobs-contract.ts';
import { openSqliteBlobStore } from './sqlite-store.ts';

const MIB = 1024 * 1024;

blobsContract('blobs in SQLite', openSqliteBlobStore, {
  largeBytes: process.env['MILLRACE_FAULT_RUNS'] === 'full' ? 300 * MIB : 64 * MIB,
  sequences: 15,
});
