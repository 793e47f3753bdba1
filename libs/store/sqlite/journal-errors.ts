import { DomainError } from '#libs/errors/domain-error.ts';
import { StoreError } from '../store-error.ts';
import { isDamage, primaryResult, SQLITE } from './result-codes.ts';

/**
 * What an error of SQLite means to whoever reads the journal. A page that is damaged is damage like a record that is.
 */
export function readErrorFromSqlite(error: unknown, file: string): DomainError {
  const meant = writeErrorFromSqlite(error, file);
  if (meant.problem !== 'broken' || meant === error) return meant;
  return isDamage(error)
    ? new DomainError('DATA_CORRUPTION', `the journal ${file} is damaged`, { cause: error })
    : new StoreError('unreachable', `reading the journal ${file} failed`, error);
}

/**
 * What an error of SQLite means to whoever writes the journal. An I/O error leaves open what is durable: after a failed
 * fsync the system may have dropped the pages, and no later fsync says so. [journal.md 9]
 */
export function writeErrorFromSqlite(error: unknown, file: string): StoreError {
  if (error instanceof StoreError) return error;
  switch (primaryResult(error)) {
    case SQLITE.full:
      return new StoreError('disk-full', `the journal ${file} cannot grow: the disk is full`, error);
    case SQLITE.readOnly:
      return new StoreError('read-only', `the journal ${file} is read-only`, error);
    case SQLITE.busy:
    case SQLITE.locked:
      return new StoreError('busy', `another process writes to the journal ${file}`, error);
    case SQLITE.cantOpen:
      return new StoreError('unreachable', `the journal ${file} cannot be opened`, error);
    case SQLITE.ioError:
      return new StoreError('broken', `writing the journal ${file} failed`, error);
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return new StoreError('broken', `the journal ${file} is damaged`, error);
    default:
      return new StoreError('unreachable', `the journal ${file} failed in an unforeseen way`, error);
  }
}
