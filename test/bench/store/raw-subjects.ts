import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Binary, type Db } from 'mongodb';
import { BATCH_ID_BYTES } from '#libs/store/journal/record-format.ts';
import { encodeRecord } from '#libs/store/journal/record-writer.ts';
import { idFromKey } from '#libs/store/mongo/journal-key.ts';
import { openJournalFile, rowKeyOf } from '#libs/store/sqlite/journal-file.ts';
import type { CommitSubject } from './journal.ts';

/** Records that a trim leaves. */
const KEPT = 512;

/** Packs entries once and answers the same bytes from then on: what is raw does not pay for the packing. */
function createPacker(): (entries: readonly Uint8Array[]) => Uint8Array {
  let packed: readonly Uint8Array[] | undefined;
  let bytes: Uint8Array = Buffer.alloc(0);
  return (entries) => {
    if (packed !== entries) {
      const header = { partition: 0, position: 1, epoch: 1, isEpoch: false, batchId: Buffer.alloc(BATCH_ID_BYTES, 7) };
      bytes = encodeRecord({ ...header, entries });
      packed = entries;
    }
    return bytes;
  };
}

/** `node:sqlite` alone, on the table that the journal has: what the journal's own code costs. */
export function rawSqliteSubject(folder: string): CommitSubject & Disposable {
  const file = openJournalFile(join(folder, 'raw.db'));
  const packed = createPacker();
  let position = 0;
  return {
    name: 'raw node:sqlite, same table',
    async commit(entries) {
      position += 1;
      file.insert.run(rowKeyOf(0, position), 0, packed(entries));
    },
    async trim() {
      file.deleteRange.run(0, rowKeyOf(0, position - KEPT));
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/** `node:sqlite` alone, on the plainest table that would do. */
export function plainSqliteSubject(folder: string): CommitSubject & Disposable {
  const database = new DatabaseSync(join(folder, 'plain.db'));
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE journal (partition INTEGER, position INTEGER, record BLOB, PRIMARY KEY (partition, position)) WITHOUT ROWID;
  `);
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')];
  const insert = database.prepare('INSERT INTO journal VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM journal WHERE partition = ? AND position <= ?');
  const packed = createPacker();
  let position = 0;
  return {
    name: 'raw node:sqlite, plain table',
    async commit(entries) {
      position += 1;
      begin.run();
      insert.run(0, position, packed(entries));
      commit.run();
    },
    async trim() {
      remove.run(0, position - KEPT);
    },
    [Symbol.dispose]: () => database.close(),
  };
}

/** The driver's `insertOne` alone, of the document that the journal would insert. */
export function rawMongoSubject(db: Db): CommitSubject {
  const collection = db.collection<{ _id: string; epoch: boolean; record: Binary }>('raw');
  const packed = createPacker();
  let position = 0;
  return {
    name: 'raw insertOne',
    async commit(entries) {
      position += 1;
      const _id = idFromKey({ partition: 0, position });
      const document = { _id, epoch: false, record: new Binary(packed(entries)) };
      await collection.insertOne(document, { writeConcern: { w: 'majority', j: true } });
    },
    async trim() {
      await collection.deleteMany({ _id: { $lte: idFromKey({ partition: 0, position: position - KEPT }) } });
    },
  };
}
