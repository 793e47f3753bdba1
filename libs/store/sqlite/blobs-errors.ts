import { DomainError } from '#libs/errors/domain-error.ts';
import { StoreError, type StoreProblem } from '../store-error.ts';
import { isDamage, primaryResult, SQLITE } from './result-codes.ts';

const PROBLEMS: ReadonlyMap<number, readonly [problem: StoreProblem, message: string]> = new Map([
  [SQLITE.busy, ['busy', 'another process writes to it']],
  [SQLITE.locked, ['busy', 'another process writes to it']],
  [SQLITE.readOnly, ['read-only', 'it is read-only']],
  [SQLITE.full, ['disk-full', 'the disk is full']],
]);

/** What an error of SQLite means to whoever reads or writes blobs. Errors of ours stay what they are. */
export function blobErrorFromSqlite(error: unknown, file: string): DomainError {
  if (error instanceof DomainError) {
    return error;
  }
  if (isDamage(error)) {
    return new DomainError('DATA_CORRUPTION', `the blobs ${file} are damaged`, { cause: error });
  }
  const [problem, message] = PROBLEMS.get(primaryResult(error)) ?? ['unreachable', 'SQLite failed'];
  return new StoreError(problem, `the blobs ${file} cannot be used: ${message}`, error);
}
