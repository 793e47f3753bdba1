import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJournal } from '#libs/store/journal/create-journal.ts';
import type { Journal, JournalRecord } from '#libs/store/journal/journal.ts';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import { encodeRecord } from '#libs/store/journal/record-writer.ts';
import type { StoreError } from '../store-error.ts';
import { openSqliteJournal } from './journal.ts';
import { createSqliteJournalBackend } from './journal-backend.ts';
import { type JournalFile, openJournalFile } from './journal-file.ts';

const signal = new AbortController().signal;

let folder: string;
let file: JournalFile;
let journal: Journal;
let troubles: StoreError[];

function over(opened: JournalFile): Journal {
  return createJournal(
    createSqliteJournalBackend(opened, 'journal.db'),
    createJournalContext((error) => void troubles.push(error)),
  );
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-journal-'));
  file = openJournalFile(join(folder, 'journal.db'));
  troubles = [];
  journal = over(file);
});

afterEach(() => {
  file[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

function record(position: number, partition = 0): JournalRecord {
  const header = { partition, position, batchId: Buffer.alloc(16, position) };
  const entries = [Buffer.alloc(20_000, position)];
  return { ...header, bytes: encodeRecord({ ...header, epoch: 1, isEpoch: false, entries }) };
}

async function positions(): Promise<number[]> {
  const found: number[] = [];
  for await (const { position } of journal.read(0, { from: 1 }, signal)) found.push(position);
  return found;
}

/** Fails one call of a statement as SQLite does. */
function failOnce(statement: 'insert' | 'commit' | 'readRange', errcode: number): JournalFile {
  let isDone = false;
  const failing = new Proxy(file[statement], {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...values: unknown[]): unknown => {
        if (isDone) return Reflect.apply(method, target, values);
        isDone = true;
        throw Object.assign(new Error('made to fail'), { errcode });
      };
    },
  });
  return { ...file, [statement]: failing };
}

test('a full disk is named, loses nothing, and is over when there is room', async () => {
  await journal.append([record(1)]);
  const pages = (file.database.prepare('PRAGMA page_count').get() as { page_count: number }).page_count;
  file.database.exec(`PRAGMA max_page_count = ${pages}`);
  expect(await journal.append([record(2), record(1, 1)])).toEqual(['unknown', 'unknown']);
  expect(troubles.map(({ problem, reason, message }) => [problem, reason, message])).toEqual([
    ['disk-full', 'UNAVAILABLE', 'the journal journal.db cannot grow: the disk is full'],
  ]);
  expect(await positions()).toEqual([1]);
  const settling = Promise.all([journal.settle(record(2), signal), journal.settle(record(1, 1), signal)]);
  file.database.exec('PRAGMA max_page_count = 100000');
  expect(await settling).toEqual(['committed', 'committed']);
  expect(await positions()).toEqual([1, 2]);
});

test('a read-only file is named, and works again when it may be written', async () => {
  file.database.exec('PRAGMA query_only = 1');
  expect(await journal.append([record(1)])).toEqual(['unknown']);
  await expect(journal.writeEpoch(0, 1, AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(new Set(troubles.map(({ problem }) => problem))).toEqual(new Set(['read-only']));
  expect(await positions()).toEqual([]);
  file.database.exec('PRAGMA query_only = 0');
  expect(await journal.append([record(1)])).toEqual(['committed']);
});

test('a trim that finds the file read-only says so', async () => {
  await journal.append([record(1)]);
  file.database.exec('PRAGMA query_only = 1');
  await expect(journal.trim(0, 1, signal)).rejects.toMatchObject({ problem: 'read-only' });
});

test.each([
  ['commit', 'a failed fsync', 1034],
  ['insert', 'a failed write', 778],
  ['insert', 'a damaged page', 11],
] as const)('an error of %s because of %s breaks the journal for good', async (statement, _, errcode) => {
  const broken = over(failOnce(statement, errcode));
  expect(await broken.append([record(1), record(1, 1)])).toEqual(['unknown', 'unknown']);
  expect(troubles.map(({ problem, isFinal }) => [problem, isFinal])).toEqual([['broken', true]]);
  expect(file.database.isTransaction).toBe(false);
  expect(await broken.append([record(2)])).toEqual(['unknown']);
  await expect(broken.settle(record(1), signal)).rejects.toMatchObject({ problem: 'broken' });
  await expect(broken.lastPosition(0)).rejects.toMatchObject({ problem: 'broken' });
  await expect(broken.trim(0, 1, signal)).rejects.toMatchObject({ problem: 'broken' });
  expect(await positions()).toEqual([]);
});

test('a page that is damaged when it is read is damage, and an error of the disk is none', async () => {
  await journal.append([record(1)]);
  await expect(readAll(over(failOnce('readRange', 267)))).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
  await expect(readAll(over(failOnce('readRange', 266)))).rejects.toMatchObject({ problem: 'unreachable' });
  expect(await positions()).toEqual([1]);
});

async function readAll(from: Journal): Promise<void> {
  for await (const _ of from.read(0, { from: 1 }, signal)) continue;
}

test('another process that writes is waited for', async () => {
  using other = openJournalFile(join(folder, 'journal.db'));
  other.begin.run();
  expect(await journal.append([record(1)])).toEqual(['unknown']);
  expect(troubles.map(({ problem }) => problem)).toEqual(['busy']);
  const settling = journal.settle(record(1), signal);
  other.rollback.run();
  expect(await settling).toBe('committed');
});

test('a closed journal says that it is closed', async () => {
  file[Symbol.dispose]();
  expect(await journal.append([record(1)])).toEqual(['unknown']);
  expect(troubles.map(({ problem }) => problem)).toEqual(['closed']);
  await expect(journal.settle(record(1), signal)).rejects.toMatchObject({ problem: 'closed' });
});

test('a file that is no database is refused', () => {
  const elsewhere = mkdtempSync(join(folder, 'other-'));
  writeFileSync(join(elsewhere, 'journal.db'), 'something else that is long enough to be looked at'.repeat(50));
  expect(() =>
    openSqliteJournal(
      elsewhere,
      createJournalContext(() => {}),
    ),
  ).toThrow('journal.db is damaged');
  expect(() =>
    openSqliteJournal(
      join(elsewhere, 'none'),
      createJournalContext(() => {}),
    ),
  ).toThrow('cannot be opened');
});

test('it is as durable as SQLite gets', () => {
  const pragma = (name: string) => Object.values(file.database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  expect([pragma('journal_mode'), pragma('synchronous')]).toEqual(['wal', 2]);
});
