import { DomainError } from '#libs/errors/domain-error.ts';
import { JournalError } from '../journal/journal-error.ts';

/** Primary results of SQLite, https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/**
 * What an error of SQLite means to whoever reads the journal. A page that is damaged is damage like a record that is.
 */
export function readErrorFromSqlite(error: unknown, file: string): DomainError {
  const meant = writeErrorFromSqlite(error, file);
  if (meant.problem !== 'broken' || meant === error) return meant;
  return isDamage(error)
    ? new DomainError('DATA_CORRUPTION', `the journal ${file} is damaged`, { cause: error })
    : new JournalError('unreachable', `reading the journal ${file} failed`, error);
}

/**
 * What an error of SQLite means to whoever writes the journal. An I/O error leaves open what is durable: after a failed
 * fsync the system may have dropped the pages, and no later fsync says so. [journal.md 9]
 */
export function writeErrorFromSqlite(error: unknown, file: string): JournalError {
  if (error instanceof JournalError) return error;
  // Extended codes carry more in their higher bits.
  switch (errcodeOf(error) & 0xff) {
    case SQLITE_FULL:
      return new JournalError('disk-full', `the journal ${file} cannot grow: the disk is full`, error);
    case SQLITE_READONLY:
      return new JournalError('read-only', `the journal ${file} is read-only`, error);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new JournalError('busy', `another process writes to the journal ${file}`, error);
    case SQLITE_CANTOPEN:
      return new JournalError('unreachable', `the journal ${file} cannot be opened`, error);
    case SQLITE_IOERR:
      return new JournalError('broken', `writing the journal ${file} failed`, error);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new JournalError('broken', `the journal ${file} is damaged`, error);
    default:
      return new JournalError('unreachable', `the journal ${file} failed in an unforeseen way`, error);
  }
}

function isDamage(error: unknown): boolean {
  const primary = errcodeOf(error) & 0xff;
  return primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB;
}

function errcodeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
}
