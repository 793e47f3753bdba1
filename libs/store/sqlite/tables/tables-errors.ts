import { DomainError } from '#libs/errors/domain-error.ts';
import { StoreError } from '#libs/store/store-error.ts';
import { primaryResult, SQLITE } from '../result-codes.ts';

/**
 * What an error of SQLite means to whoever uses the tables. What is no error of SQLite's comes back as it is.
 */
export function tablesErrorFromSqlite(error: unknown, file: string): unknown {
  switch (primaryResult(error)) {
    case 0:
      return error;
    case SQLITE.full:
      return new StoreError('disk-full', `the tables ${file} cannot grow: the disk is full`, error);
    case SQLITE.readOnly:
    case SQLITE.cantOpen:
      return new StoreError('read-only', `the tables ${file} cannot be written to`, error);
    case SQLITE.busy:
    case SQLITE.locked:
      return new StoreError('busy', `another process writes to the tables ${file}`, error);
    case SQLITE.ioError:
      return new StoreError('unreachable', `reading or writing the tables ${file} failed`, error);
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return new DomainError('DATA_CORRUPTION', `the tables ${file} are damaged`, { cause: error });
    default:
      return new DomainError('INTERNAL', `the tables ${file} failed in an unforeseen way`, { cause: error });
  }
}
