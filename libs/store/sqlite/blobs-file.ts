import { DatabaseSync } from 'node:sqlite';
import { blobErrorFromSqlite } from './blobs-errors.ts';

/** Large pages, because a chunk fills sixteen of them. */
const PAGE_BYTES = 16_384;
/** Pages in the write-ahead log before they are copied back: 16 MiB, so that a large put does not double its disk. */
const CHECKPOINT_PAGES = 1_000;
/** The log is cut back to this after a checkpoint. */
const LOG_BYTES = 64 * 1024 * 1024;
/** How long another connection may stand in the way. None should: the folder is locked for this process. */
const BUSY_TIMEOUT_MS = 1_000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS blobs (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  put_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  chunk_bytes INTEGER NOT NULL,
  create_time INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS blobs_by_age ON blobs (kind, create_time, key);
CREATE TABLE IF NOT EXISTS chunks (
  id INTEGER PRIMARY KEY,
  put_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (put_id, number)
) STRICT;
CREATE TABLE IF NOT EXISTS notes (
  put_id TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  time INTEGER NOT NULL,
  is_claimed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notes_by_time ON notes (time);
`;

/**
 * Opens the file of blobs, making it where it is missing. Its ids are row ids, so that chunks stay out of the indexes.
 *
 * @throws UNAVAILABLE or DATA_CORRUPTION, naming the file, when it cannot be used.
 */
export function openBlobsFile(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    database.exec(`
      PRAGMA page_size = ${PAGE_BYTES};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${LOG_BYTES};
      ${SCHEMA}
    `);
    return database;
  } catch (error) {
    database?.close();
    throw blobErrorFromSqlite(error, path);
  }
}
