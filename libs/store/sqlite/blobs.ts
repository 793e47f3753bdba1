import { join } from 'node:path';
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { BlobBackend, BlobRow } from '../blobs/blob-backend.ts';
import { endOfPrefix } from '../blobs/blob-key.ts';
import type { BlobKind, Blobs } from '../blobs/blobs.ts';
import { createBlobs } from '../blobs/create-blobs.ts';
import { blobErrorFromSqlite } from './blobs-errors.ts';
import { openBlobsFile } from './blobs-file.ts';

/** The file of blobs in the store's folder: one of their own, so that those of journal and tables stay small. */
export const BLOBS_FILE = 'blobs.db';

/** Chunks of one delete: a few milliseconds, during which everybody else waits. */
const DELETED_CHUNKS = 16;

const ROW = 'key, kind, put_id, size, sha256, chunk_bytes, create_time';

/** The blobs in a folder, until they are disposed. */
export interface SqliteBlobs extends Disposable {
  readonly blobs: Blobs;
}

/**
 * Opens the blobs in a folder that this process has locked; makes the file where it is missing. Each statement is a
 * transaction of its own and touches a chunk or a few, so that none keeps a commit of the journal waiting for long.
 *
 * @throws UNAVAILABLE or DATA_CORRUPTION, naming the file, when it cannot be used.
 */
export function openSqliteBlobs(folder: string): SqliteBlobs {
  const path = join(folder, BLOBS_FILE);
  const database = openBlobsFile(path);
  return {
    blobs: createBlobs(createSqliteBlobBackend(database, path)),
    [Symbol.dispose]: () => {
      if (database.isOpen) {
        database.close();
      }
    },
  };
}

type Values = readonly SQLInputValue[];
type Row = Readonly<Record<string, SQLOutputValue>>;

function createSqliteBlobBackend(database: DatabaseSync, path: string): BlobBackend {
  function prepare(sql: string): {
    all(...values: Values): Promise<readonly Row[]>;
    get(...values: Values): Promise<Row | undefined>;
    run(...values: Values): Promise<number>;
  } {
    const statement = database.prepare(sql);
    const call = async <T>(work: () => T): Promise<T> => {
      if (!database.isOpen) {
        throw new DomainError('UNAVAILABLE', `the blobs ${path} are closed`, { metadata: { problem: 'closed' } });
      }
      try {
        return work();
      } catch (error) {
        throw blobErrorFromSqlite(error, path);
      }
    };
    return {
      all: (...values) => call(() => statement.all(...values)),
      get: (...values) => call(() => statement.get(...values)),
      run: (...values) => call(() => Number(statement.run(...values).changes)),
    };
  }

  const writeNote = prepare('INSERT INTO notes (put_id, key, time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const renewNote = prepare('UPDATE notes SET time = ? WHERE put_id = ? AND is_claimed = 0');
  const claimNote = prepare('UPDATE notes SET is_claimed = 1 WHERE put_id = ? AND time < ?');
  const removeNote = prepare('DELETE FROM notes WHERE put_id = ?');
  const notesBefore = prepare('SELECT put_id, key, time FROM notes WHERE time < ? ORDER BY time LIMIT ?');
  const addChunk = prepare('INSERT INTO chunks (put_id, number, crc, bytes) VALUES (?, ?, ?, ?)');
  const readChunk = prepare('SELECT crc, bytes FROM chunks WHERE put_id = ? AND number = ?');
  const removeChunks = prepare(
    `DELETE FROM chunks WHERE id IN (SELECT id FROM chunks WHERE put_id = ? LIMIT ${DELETED_CHUNKS})`,
  );
  const readRow = prepare(`SELECT ${ROW} FROM blobs WHERE key = ?`);
  const insertRow = prepare(`INSERT INTO blobs (${ROW}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const replaceRow = prepare(`UPDATE blobs SET (${ROW}) = (?, ?, ?, ?, ?, ?, ?) WHERE key = ? AND put_id = ?`);
  const removeRow = prepare('DELETE FROM blobs WHERE key = ? AND put_id = ?');
  const rowsOfPrefix = prepare(`SELECT ${ROW} FROM blobs WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`);
  const listRows = prepare(`
    SELECT ${ROW} FROM blobs
    WHERE kind = ? AND create_time < ? AND (create_time, key) > (?, ?)
    ORDER BY create_time, key LIMIT ? OFFSET ?`);

  return {
    async writeNote({ putId, key, time }) {
      await writeNote.run(putId, key, time);
    },
    renewNote: async (putId, time) => (await renewNote.run(time, putId)) > 0,
    claimNote: async (putId, before) => (await claimNote.run(putId, before)) > 0,
    async removeNote(putId) {
      await removeNote.run(putId);
    },
    async notesBefore(time, limit) {
      const found = await notesBefore.all(time, limit);
      return found.map((row) => ({
        putId: row['put_id'] as string,
        key: row['key'] as string,
        time: row['time'] as number,
      }));
    },

    async addChunk(putId, index, { bytes, crc }) {
      await addChunk.run(putId, index, crc, bytes);
      // A source that answers at once must not keep everybody else waiting for a whole put.
      await nextTurn();
    },
    async readChunk(putId, index) {
      const row = await readChunk.get(putId, index);
      await nextTurn();
      return row === undefined ? undefined : { bytes: row['bytes'] as Uint8Array, crc: row['crc'] as number };
    },
    async removeChunks(putId) {
      while ((await removeChunks.run(putId)) === DELETED_CHUNKS) {
        await nextTurn();
      }
    },

    async readRow(key) {
      const row = await readRow.get(key);
      return row === undefined ? undefined : rowFromSql(row);
    },
    async writeRow(row, oldPutId) {
      const values = [row.key, row.kind, row.putId, row.size, row.sha256, row.chunkBytes, row.createTime];
      const changes = oldPutId === undefined ? insertRow.run(...values) : replaceRow.run(...values, row.key, oldPutId);
      return (await changes) > 0;
    },
    removeRow: async (key, putId) => (await removeRow.run(key, putId)) > 0,
    async rowsOfPrefix(prefix, limit) {
      return (await rowsOfPrefix.all(prefix, endOfPrefix(prefix), limit)).map(rowFromSql);
    },
    async listRows({ kind, from, before }, { after, skip, take }) {
      // No key is empty, so that the first place is before all of its time.
      const [time, key] = after ?? [from, ''];
      return (await listRows.all(kind, before, time, key, take, skip)).map(rowFromSql);
    },
  };
}

function rowFromSql(row: Row): BlobRow {
  return {
    key: row['key'] as string,
    kind: row['kind'] as BlobKind,
    putId: row['put_id'] as string,
    size: row['size'] as number,
    sha256: row['sha256'] as string,
    chunkBytes: row['chunk_bytes'] as number,
    createTime: row['create_time'] as number,
  };
}
