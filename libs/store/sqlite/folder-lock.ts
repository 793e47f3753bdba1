import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { primaryResult, SQLITE } from './result-codes.ts';

/** A data folder that belongs to this process until it lets go of it or dies. */
export interface FolderLock extends Disposable {
  readonly folder: string;
}

/** Who holds a folder, as far as it could be read. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** How long a process that only reads or writes the holder's name may stand in the way. */
const BUSY_TIMEOUT_MS = 200;

/**
 * Makes a data folder where it is missing and locks it for this process.
 *
 * The folder's database `lock` is held by a write transaction that never ends. The operating system lets go of it when
 * the process dies, however it dies; nothing has to be cleaned up. The database names its holder, for the message that a
 * second process gives.
 *
 * @throws StartError when the folder is in use, cannot be made or cannot be written to.
 */
export function lockFolder(folder: string, pid: number): FolderLock {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new StartError(`the data folder ${folder} cannot be made: ${describeFileError(error)}`, { cause: error });
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(folder, 'lock'), { timeout: BUSY_TIMEOUT_MS });
    takeLock(database, { pid, host: hostname() });
  } catch (error) {
    const refusal = describeRefusal(error, folder, database);
    database?.close();
    throw refusal;
  }
  const held = database;
  return {
    folder,
    [Symbol.dispose]: () => {
      if (held.isOpen) {
        held.close();
      }
    },
  };
}

/**
 * Writes down the holder, then begins the transaction that is the lock. Between the two another process may begin its
 * own; then it holds the folder and this one is refused. At no time do two hold it.
 */
function takeLock(database: DatabaseSync, holder: Holder): void {
  database.exec('BEGIN IMMEDIATE');
  database.exec('CREATE TABLE IF NOT EXISTS holder (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER, host TEXT)');
  database.prepare('INSERT OR REPLACE INTO holder (id, pid, host) VALUES (1, ?, ?)').run(holder.pid, holder.host);
  database.exec('COMMIT');
  database.exec('BEGIN IMMEDIATE');
}

function describeRefusal(error: unknown, folder: string, database: DatabaseSync | undefined): unknown {
  const options = { cause: error };
  switch (primaryResult(error)) {
    case SQLITE.busy:
      return new StartError(`the data folder ${folder} is in use by ${describeHolder(database)}`, options);
    case SQLITE.readOnly:
    case SQLITE.cantOpen:
      return new StartError(`the data folder ${folder} cannot be written to`, options);
    case SQLITE.full:
      return new StartError(`the data folder ${folder} cannot be written to: the disk is full`, options);
    case SQLITE.ioError:
      return new StartError(`the data folder ${folder} cannot be used: reading or writing its lock failed`, options);
    case SQLITE.notADatabase:
    case SQLITE.corrupt:
      return new StartError(`${join(folder, 'lock')} is damaged: it holds no data, so it may be removed`, options);
    default:
      return error;
  }
}

function describeHolder(database: DatabaseSync | undefined): string {
  try {
    const row = database?.prepare('SELECT pid, host FROM holder').get();
    return row === undefined
      ? 'another process'
      : `process ${String(row['pid'])}${row['host'] === hostname() ? '' : ` on ${String(row['host'])}`}`;
  } catch {
    return 'another process';
  }
}

const FILE_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file of that name is in the way',
  ENAMETOOLONG: 'the name is too long',
};

function describeFileError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return FILE_ERRORS[code ?? ''] ?? message;
}
