import { DomainError } from '#libs/errors/domain-error.ts';

/** Primary results of SQLite, https://www.sqlite.org/rescode.html */
const PROBLEMS: ReadonlyMap<number, readonly [problem: string, message: string]> = new Map([
  [5, ['busy', 'another process writes to it']],
  [6, ['busy', 'another process writes to it']],
  [8, ['read-only', 'it is read-only']],
  [13, ['disk-full', 'the disk is full']],
]);
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** What an error of SQLite means to whoever reads or writes blobs. Errors of ours stay what they are. */
export function blobErrorFromSqlite(error: unknown, file: string): DomainError {
  if (error instanceof DomainError) {
    return error;
  }
  // Extended codes carry more in their higher bits.
  const primary = errcodeOf(error) & 0xff;
  if (primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB) {
    return new DomainError('DATA_CORRUPTION', `the blobs ${file} are damaged`, { cause: error });
  }
  const [problem, message] = PROBLEMS.get(primary) ?? ['unreachable', 'SQLite failed'];
  return new DomainError('UNAVAILABLE', `the blobs ${file} cannot be used: ${message}`, {
    metadata: { problem },
    cause: error,
  });
}

function errcodeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
}
