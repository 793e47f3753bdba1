import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteStateTables } from '#libs/store/sqlite/tables/open-tables.ts';
import type { TablesFile } from '#libs/store/sqlite/tables/tables-file.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { run } from '#test/run.ts';
import { bodyOf, headRow, RUN, signal, stampAt } from './rows.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thread-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Changes whenever another connection has written. */
function changesOfOthers(file: TablesFile): unknown {
  return file.database.prepare('PRAGMA data_version').get()?.['data_version'];
}

function headsFrom(first: number, count: number): RowWrite[] {
  return Array.from({ length: count }, (_, index) => ({
    table: 'heads',
    put: headRow({ runId: `run-${first + index}`, startTime: first + index }),
    isNew: true,
  }));
}

test('a store that writes much goes on in a thread, and no row is lost or counted twice on the way', async () => {
  await using opened = openSqliteStateTables(folder);
  const { tables, file } = opened;
  const before = changesOfOthers(file);
  let rows = 0;
  while (changesOfOthers(file) === before) {
    await tables.writeRows(stampAt(1), headsFrom(rows, 100), signal);
    rows += 100;
    expect(await tables.readHead({ ...RUN, runId: `run-${rows - 1}` })).toBeDefined();
    await new Promise(setImmediate);
  }
  expect(rows).toBeGreaterThanOrEqual(2_000);
  await tables.writeRows(stampAt(1), headsFrom(rows - 100, 200), signal);
  expect(await tables.countHeads('tenant', {})).toBe(rows + 100);
  expect(await tables.countHeads('tenant', { startedBefore: 1_000_000 })).toBe(rows + 100);
});

test('what is written in a row is written in that order, whatever it is', async () => {
  await using opened = openSqliteStateTables(folder);
  const { tables } = opened;
  await opened.startThread();
  const answers = await Promise.all([
    tables.writeRows(stampAt(1), headsFrom(0, 1), signal),
    tables.writeCheckpoint({ partition: 0, position: 1, epoch: 1, body: bodyOf('one') }),
    tables.deleteIncarnation(stampAt(2), { ...RUN, runId: 'run-0' }, 10),
    tables.writeCheckpoint({ partition: 0, position: 2, epoch: 1, body: bodyOf('two') }),
    tables.writeCheckpoint({ partition: 0, position: 1, epoch: 1, body: bodyOf('late') }),
  ]);
  expect(answers).toEqual([undefined, true, true, true, false]);
  expect(await tables.readHead({ ...RUN, runId: 'run-0' })).toBeUndefined();
  expect(await tables.readCheckpoint(0)).toMatchObject({ position: 2, body: bodyOf('two') });
});

test('a body that is a part of a larger piece of memory is written as it is, and stays the caller’s', async () => {
  await using opened = openSqliteStateTables(folder);
  const { tables } = opened;
  await opened.startThread();
  const memory = bodyOf('before, the body, behind');
  const body = memory.subarray(8, 16);
  await tables.writeRows(stampAt(1), [{ table: 'heads', put: headRow({ body }) }], signal);
  await tables.writeCheckpoint({ partition: 0, position: 1, epoch: 1, body });
  expect((await tables.readHead(RUN))?.body).toEqual(bodyOf('the body'));
  expect((await tables.readCheckpoint(0))?.body).toEqual(bodyOf('the body'));
  expect(memory).toEqual(bodyOf('before, the body, behind'));
});

test('a log of writes that has grown long is copied back, and written over', async () => {
  await using opened = openSqliteStateTables(folder);
  const { tables, file } = opened;
  await opened.startThread();
  const log = (): number => Number(file.database.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.['log']);
  let longest = 0;
  for (let at = 0; at < 40; at += 1) {
    const put = headRow({ body: new Uint8Array(2 * 1024 * 1024).fill(at) });
    await tables.writeRows(stampAt(at + 1), [{ table: 'heads', put }], signal);
    longest = Math.max(longest, log());
  }
  expect(longest).toBeGreaterThan(3_000);
  expect(longest).toBeLessThan(6_000);
  expect((await tables.readHead(RUN))?.body.at(-1)).toBe(39);
});

const script = fileURLToPath(new URL('thread-process.ts', import.meta.url));

test.each(['idle', 'pending'])('a process whose thread is %s ends by itself, with everything written', async (how) => {
  const { code, stderr, stdout } = await run(process.execPath, [script, folder, how], { timeoutMs: 20_000 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await using opened = openSqliteStateTables(folder);
  expect(await opened.tables.countHeads('tenant', {})).toBe(Number(stdout));
});

test('a process that is killed leaves tables that are whole, with all rows before its last checkpoint', async () => {
  const { code, stdout } = await run(process.execPath, [script, folder, 'killed'], { timeoutMs: 20_000 });
  expect(code).not.toBe(0);
  await using opened = openSqliteStateTables(folder);
  const { tables, file } = opened;
  const position = (await tables.readCheckpoint(0))?.position ?? 0;
  expect(position).toBeGreaterThanOrEqual(Number(stdout.trim().split('\n').at(-1)));
  expect(await tables.countHeads('tenant', {})).toBeGreaterThanOrEqual(position * 50);
  expect(await tables.countHeads('tenant', { startedBefore: 10_000_000 })).toBe(
    Number(file.prepare('SELECT count(*) AS count FROM heads').get()?.['count']),
  );
  expect(file.database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
});

test('a list that is read while a thread moves its runs has each of them once', async () => {
  await using opened = openSqliteStateTables(folder);
  const { tables } = opened;
  await opened.startThread();
  const statuses = ['RUNNING', 'WAITING', 'COMPLETED'];
  const runs = Array.from({ length: 60 }, (_, index) => `run-${index}`);
  const writeAt = (position: number): Promise<void> =>
    tables.writeRows(
      stampAt(position),
      runs.map((runId, index) => ({
        table: 'heads',
        put: headRow({ runId, startTime: index, status: statuses[(position + index) % 3] ?? '' }),
      })),
      signal,
    );
  await writeAt(1);
  let isWriting = true;
  const writing = (async () => {
    for (let position = 2; position < 60; position += 1) await writeAt(position);
    isWriting = false;
  })();
  let lists = 0;
  while (isWriting) {
    const filter = { workflow: 'order', statuses };
    const { rows } = await tables.listHeads('tenant', filter, { limit: 100 });
    expect(rows.map(({ runId }) => runId)).toEqual(runs.toReversed());
    expect(await tables.countHeads('tenant', { ...filter, startedBefore: 1_000 })).toBe(runs.length);
    lists += 1;
    await new Promise(setImmediate);
  }
  await writing;
  expect(lists).toBeGreaterThan(10);
});
