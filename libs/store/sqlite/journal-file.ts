import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { MAX_POSITION } from '../journal/record-format.ts';

/**
 * Large pages, because a record is some kilobytes and more: a sixth less CPU per commit of 64 entries than with pages of
 * 4 KiB, and no more at one entry, since fsync is what a small commit costs.
 */
const PAGE_BYTES = 16_384;
/**
 * Pages in the write-ahead log before they are copied back, 16 MiB of them. Most records are trimmed and their pages
 * written anew before that, so that many a page is never copied; the copying takes some 10 ms of one commit.
 */
const CHECKPOINT_PAGES = 1_000;
/** The log is cut back to this after a checkpoint: a burst leaves no large file behind. */
const LOG_BYTES = 64 * 1024 * 1024;
/** How long another connection may stand in the way. None should: the folder is locked for this process. */
const BUSY_TIMEOUT_MS = 200;

/** The statements of the journal, all on one connection. */
export interface JournalFile extends Disposable {
  readonly database: DatabaseSync;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly rollback: StatementSync;
  /** `(key, epoch, record)`; changes nothing where the key is taken. */
  readonly insert: StatementSync;
  /** `(key)` → `[record]` */
  readonly readOne: StatementSync;
  /** `(first key, last key)` → `[key, record]` */
  readonly readRange: StatementSync;
  /** `(first key, last key)` → `[key]` */
  readonly lastKey: StatementSync;
  /** `(first key, last key, limit)` → `[key]` */
  readonly trimmable: StatementSync;
  /** `(first key, last key)` */
  readonly deleteRange: StatementSync;
}

/**
 * Opens the journal's file, making it where it is missing.
 *
 * A record's key is one number, of its partition and its position. A table by row id keeps records out of its inner
 * pages, which one of `(partition, position)` without row ids does not, and appends without searching.
 */
export function openJournalFile(path: string): JournalFile {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`
      PRAGMA page_size = ${PAGE_BYTES};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${LOG_BYTES};
      CREATE TABLE IF NOT EXISTS journal (key INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, record BLOB NOT NULL) STRICT;
    `);
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    return {
      database,
      begin: prepare('BEGIN IMMEDIATE'),
      commit: prepare('COMMIT'),
      rollback: prepare('ROLLBACK'),
      insert: prepare('INSERT INTO journal (key, epoch, record) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
      readOne: prepare('SELECT record FROM journal WHERE key = ?'),
      readRange: prepare('SELECT key, record FROM journal WHERE key BETWEEN ? AND ? ORDER BY key'),
      lastKey: prepare('SELECT key FROM journal WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1'),
      trimmable: prepare('SELECT key FROM journal WHERE key BETWEEN ? AND ? AND epoch = 0 ORDER BY key LIMIT ?'),
      deleteRange: prepare('DELETE FROM journal WHERE key BETWEEN ? AND ? AND epoch = 0'),
      [Symbol.dispose]: () => {
        if (database.isOpen) database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The number that a record is stored under. */
export function rowKeyOf(partition: number, position: number): number {
  return partition * (MAX_POSITION + 1) + position;
}

/** The position in a record's number. */
export function positionOfRowKey(key: number): number {
  return key % (MAX_POSITION + 1);
}
