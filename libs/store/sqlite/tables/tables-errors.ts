import { DomainError } from '#libs/errors/domain-error.ts';
import { TablesError } from '#libs/store/tables/tables-error.ts';

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
 * What an error of SQLite means to whoever uses the tables. What is no error of SQLite's comes back as it is.
 */
export function tablesErrorFromSqlite(error: unknown, file: string): unknown {
  // Extended codes carry more in their higher bits.
  switch (errcodeOf(error) & 0xff) {
    case 0:
      return error;
    case SQLITE_FULL:
      return new TablesError('disk-full', `the tables ${file} cannot grow: the disk is full`, error);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new TablesError('read-only', `the tables ${file} cannot be written to`, error);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new TablesError('busy', `another process writes to the tables ${file}`, error);
    case SQLITE_IOERR:
      return new TablesError('unreachable', `reading or writing the tables ${file} failed`, error);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new DomainError('DATA_CORRUPTION', `the tables ${file} are damaged`, { cause: error });
    default:
      return new DomainError('INTERNAL', `the tables ${file} failed in an unforeseen way`, { cause: error });
  }
}

function errcodeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
}
