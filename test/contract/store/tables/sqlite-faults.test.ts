import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { migrate } from '#libs/store/sqlite/tables/migrate.ts';
import {
  openSqliteRegistryTables,
  openSqliteStateTables,
  type SqliteStateTables,
  TABLES_FILE,
} from '#libs/store/sqlite/tables/open-tables.ts';
import { openTablesFile, type TablesFile } from '#libs/store/sqlite/tables/tables-file.ts';
import { StoreError } from '#libs/store/store-error.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { bodyOf, headRow, itemRow, RUN, segmentRow, signal, snapshotRow, stampAt } from './rows.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faults-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function pragma(file: TablesFile, name: string): unknown {
  return Object.values(file.database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** As many bytes as do not fit into a few pages. */
const LARGE = new Uint8Array(200_000).fill(1);

const round: readonly RowWrite[] = [
  { table: 'heads', put: headRow({ attributes: { size: { type: 'integer', value: 1n } } }) },
  { table: 'items', put: itemRow() },
  { table: 'segments', put: segmentRow({ body: LARGE }) },
];

/** Who writes, and how many rows at a time. */
const WRITERS = [
  { who: 'the thread that calls', hasThread: false, rowsPerWrite: 200 },
  { who: 'a thread of its own', hasThread: true, rowsPerWrite: 1_000 },
] as const;

async function openWrittenBy({ hasThread }: Pick<(typeof WRITERS)[number], 'hasThread'>): Promise<SqliteStateTables> {
  const opened = openSqliteStateTables(folder);
  if (hasThread) await opened.startThread();
  return opened;
}

describe.each(WRITERS)('a full disk, written to by $who,', (writer) => {
  test('is a named error, loses nothing, and is over once there is room', async () => {
    await using opened = await openWrittenBy(writer);
    const { tables, file } = opened;
    await tables.writeRows(stampAt(1), [{ table: 'snapshots', put: snapshotRow() }], signal);
    const pages = Number(pragma(file, 'page_count'));
    await opened.runWrite(`PRAGMA max_page_count = ${pages + 2}`);
    const refused = expect.objectContaining({ reason: 'UNAVAILABLE', kind: 'unavailable', problem: 'disk-full' });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(tables.writeRows(stampAt(2), round, signal)).rejects.toEqual(refused);
      await expect(
        tables.definitions.insert({
          tenantId: 'tenant',
          workflow: 'order',
          version: '1',
          hash: '',
          packageDigest: '',
          isRetired: false,
          createTime: 1,
          body: LARGE,
        }),
      ).rejects.toEqual(refused);
    }
    expect(await tables.readSnapshot(RUN)).toEqual(snapshotRow());
    expect(await tables.readHead(RUN)).toBeUndefined();
    expect(await tables.countHeads('tenant', {})).toBe(0);
    expect(await tables.countItems('tenant', 'default')).toEqual({ ready: 0, waiting: 0, leased: 0 });

    await opened.runWrite(`PRAGMA max_page_count = ${pages + 10_000}`);
    await tables.writeRows(stampAt(2), round, signal);
    expect(await tables.readSegments(RUN, 0, 10)).toEqual([segmentRow({ body: LARGE })]);
    expect(await tables.countHeads('tenant', {})).toBe(1);
    expect(await tables.countItems('tenant', 'default')).toEqual({ ready: 1, waiting: 0, leased: 0 });
    expect(pragma(file, 'integrity_check')).toBe('ok');
  });

  test('ends a long round between two transactions; its repeat writes the rest', async () => {
    await using opened = await openWrittenBy(writer);
    const { tables, file } = opened;
    const { rowsPerWrite } = writer;
    const long = Array.from({ length: rowsPerWrite * 2 + 50 }, (_, index) => ({
      table: 'segments' as const,
      put: segmentRow({ segment: index, body: LARGE.subarray(0, 1_000) }),
    }));
    // A page holds three of them: there is room for those of one transaction and some more.
    const room = Math.ceil(rowsPerWrite / 2);
    await opened.runWrite(`PRAGMA max_page_count = ${Number(pragma(file, 'page_count')) + room}`);
    await expect(tables.writeRows(stampAt(1), long, signal)).rejects.toBeInstanceOf(StoreError);
    expect(await tables.readSegments(RUN, 0, 5_000)).toHaveLength(rowsPerWrite);
    await opened.runWrite('PRAGMA max_page_count = 100000');
    await tables.writeRows(stampAt(1), long, signal);
    expect(await tables.readSegments(RUN, 0, 5_000)).toEqual(long.map(({ put }) => put));
  });
});

describe.each(WRITERS)('written to by $who,', (writer) => {
  test('a file that may only be read is a named error for writers, and readers go on', async () => {
    await using opened = await openWrittenBy(writer);
    const { tables } = opened;
    await tables.writeRows(stampAt(1), round, signal);
    await opened.runWrite('PRAGMA query_only = ON');
    const refused = expect.objectContaining({ reason: 'UNAVAILABLE', problem: 'read-only' });
    await expect(tables.writeRows(stampAt(2), [{ table: 'heads', delete: RUN }], signal)).rejects.toEqual(refused);
    await expect(tables.writeCursor('cursor', 1)).rejects.toEqual(refused);
    expect(await tables.readHead(RUN)).toBeDefined();
    await opened.runWrite('PRAGMA query_only = OFF');
    await tables.writeRows(stampAt(2), [{ table: 'heads', delete: RUN }], signal);
    expect(await tables.readHead(RUN)).toBeUndefined();
  });

  test('a file that another process writes to is a named error', async () => {
    await using opened = await openWrittenBy(writer);
    await opened.runWrite('PRAGMA busy_timeout = 1');
    using other = new DatabaseSync(join(folder, TABLES_FILE));
    other.exec('BEGIN IMMEDIATE');
    const refused = expect.objectContaining({ reason: 'UNAVAILABLE', problem: 'busy' });
    await expect(opened.tables.writeCursor('cursor', 1)).rejects.toEqual(refused);
    other.exec('ROLLBACK');
    expect(await opened.tables.writeCursor('cursor', 1)).toBe(true);
  });

  test('a round that is aborted on its way keeps what it wrote, and throws the reason', async () => {
    await using opened = await openWrittenBy(writer);
    const writes = Array.from({ length: 3_000 }, (_, index) => ({
      table: 'segments' as const,
      put: segmentRow({ segment: index }),
    }));
    const abort = new AbortController();
    const written = opened.tables.writeRows(stampAt(1), writes, abort.signal);
    const reason = new Error('lease lost');
    abort.abort(reason);
    await expect(written).rejects.toBe(reason);
    // What was on its way is written before this is.
    await opened.tables.writeCursor('cursor', 1);
    expect(await opened.tables.readSegments(RUN, 0, 5_000)).toHaveLength(writer.rowsPerWrite);
  });

  test('what is given is written though the tables are closed meanwhile, and nothing after that', async () => {
    const opened = await openWrittenBy(writer);
    const written = opened.tables.writeRows(stampAt(1), round, signal);
    const closed = opened[Symbol.asyncDispose]();
    const refused = expect.objectContaining({ reason: 'UNAVAILABLE', problem: 'closed' });
    await expect(opened.tables.writeCursor('cursor', 1)).rejects.toEqual(refused);
    await closed;
    await written;
    await using again = openSqliteStateTables(folder);
    expect(await again.tables.readHead(RUN)).toMatchObject({ runId: RUN.runId });
    expect(await again.tables.readCursor('cursor')).toBeUndefined();
  });
});

test('tables that are closed say so', async () => {
  const opened = openSqliteStateTables(folder);
  await opened[Symbol.asyncDispose]();
  await opened[Symbol.asyncDispose]();
  const refused = expect.objectContaining({ reason: 'UNAVAILABLE', problem: 'closed' });
  await expect(opened.tables.readHead(RUN)).rejects.toEqual(refused);
  await expect(opened.tables.writeRows(stampAt(1), round, signal)).rejects.toEqual(refused);
});

test('the log of writes is kept small, and only who writes copies it back', async () => {
  await using opened = openSqliteStateTables(folder);
  const names = ['journal_mode', 'wal_autocheckpoint', 'foreign_keys', 'busy_timeout', 'journal_size_limit'];
  expect(names.map((name) => pragma(opened.file, name))).toEqual(['wal', 0, 0, 1_000, 64 * 1024 * 1024]);
});

test('rows wait for no disk, and a checkpoint and all that is no row are durable with everything before', async () => {
  await using opened = openSqliteStateTables(folder);
  const { tables, file } = opened;
  const checkpoint = { partition: 0, epoch: 1, body: bodyOf('state') };
  const [normal, full] = [1, 2];
  await tables.writeRows(stampAt(1), round, signal);
  expect(pragma(file, 'synchronous')).toBe(normal);
  await tables.writeCheckpoint({ ...checkpoint, position: 1 });
  expect(pragma(file, 'synchronous')).toBe(full);
  await tables.deleteIncarnation(stampAt(2), RUN, 10);
  expect(pragma(file, 'synchronous')).toBe(normal);
  await tables.leases.insert({ partition: 0, nodeId: 'node', epoch: 1, body: bodyOf('') });
  expect(pragma(file, 'synchronous')).toBe(full);
  await tables.purgeTombstones(0, 1);
  expect(pragma(file, 'synchronous')).toBe(normal);
});

test('damage is told apart from a store that is away', async () => {
  let page = 0;
  {
    await using opened = openSqliteStateTables(folder);
    await opened.tables.writeRows(stampAt(1), round, signal);
    const index = opened.file.database.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?');
    page = Number(index.get('sqlite_autoindex_heads_1')?.['rootpage']);
    opened.file.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }
  const handle = await open(join(folder, TABLES_FILE), 'r+');
  await handle.write(new Uint8Array(4_096).fill(0xff), 0, 4_096, (page - 1) * 4_096);
  await handle.close();
  await using opened = openSqliteStateTables(folder);
  await expect(opened.tables.readHead(RUN)).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
  expect(await opened.tables.readItem(itemRow())).toEqual(itemRow());
});

describe('versions', () => {
  const schema = { name: 'a test', applicationId: 7, steps: ['CREATE TABLE one (id INTEGER) STRICT'] };
  const longer = {
    ...schema,
    steps: [...schema.steps, 'ALTER TABLE one ADD COLUMN name TEXT; INSERT INTO one VALUES (1, 2)'],
  };

  test('steps run once each, forwards, and all of them or none', () => {
    const path = join(folder, 'test.db');
    using file = openTablesFile(path);
    migrate(file, schema);
    migrate(file, schema);
    const broken = { ...schema, steps: [...longer.steps, 'CREATE TABLE two (id INTEGER)', 'no SQL'] };
    expect(() => migrate(file, broken)).toThrow('unforeseen');
    expect(pragma(file, 'user_version')).toBe(1);
    migrate(file, longer);
    migrate(file, longer);
    expect(pragma(file, 'user_version')).toBe(2);
    expect(file.prepare('SELECT id, name FROM one').all()).toEqual([{ id: 1, name: '2' }]);
  });

  test('a newer file and one of another service are refused', async () => {
    {
      await using opened = openSqliteStateTables(folder);
      expect(Number(pragma(opened.file, 'user_version'))).toBeGreaterThan(0);
    }
    expect(() => openSqliteRegistryTables(folder)).toThrow(StartError);
    expect(() => openSqliteRegistryTables(folder)).toThrow('does not hold the tables of a registry');
    {
      using database = new DatabaseSync(join(folder, TABLES_FILE));
      database.exec('PRAGMA user_version = 1000');
    }
    expect(() => openSqliteStateTables(folder)).toThrow('is of version 1000, this program reads up to');
  });

  test('a file that is no database is refused', async () => {
    await writeFile(join(folder, TABLES_FILE), bodyOf('this is no database at all '.repeat(40)));
    expect(() => openSqliteStateTables(folder)).toThrow(expect.objectContaining({ reason: 'DATA_CORRUPTION' }));
    await rm(folder, { recursive: true });
    expect(() => openSqliteStateTables(folder)).toThrow(expect.objectContaining({ problem: 'read-only' }));
  });
});
