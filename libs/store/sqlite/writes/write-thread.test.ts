import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoreError } from '#libs/store/store-error.ts';
import { migrate } from '../tables/migrate.ts';
import { STATE_SCHEMA } from '../tables/state-schema.ts';
import { openTablesFile, type TablesFile } from '../tables/tables-file.ts';
import { startWriteThread, type WeighedOrder, type WriteThread } from './write-thread.ts';

let folder: string;
let file: TablesFile;
const broken: StoreError[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'write-thread-'));
  file = openTablesFile(join(folder, 'tables.db'));
  migrate(file, STATE_SCHEMA);
  broken.length = 0;
});

afterEach(async () => {
  file[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

function start(path: string = file.path, main?: URL): WriteThread {
  return startWriteThread(path, (error) => broken.push(error), main);
}

function orderToRun(sql: string, bytes = 0): WeighedOrder {
  return { order: { kind: 'run', sql, values: [] }, bytes };
}

const setCursor = (value: number): WeighedOrder =>
  orderToRun(`INSERT INTO cursors VALUES ('c', ${value}) ON CONFLICT DO UPDATE SET value = excluded.value`);

function cursor(): unknown {
  return file.prepare("SELECT value FROM cursors WHERE name = 'c'").get()?.['value'];
}

test('orders are done one after the other, and seen by all once they are answered', async () => {
  await using thread = start();
  const done = await Promise.all([1, 2, 3].map((value) => thread.perform(setCursor(value))));
  expect(done).toEqual([1, 1, 1]);
  expect(cursor()).toBe(3);
  expect(broken).toEqual([]);
});

test('a thread that cannot open its file is not ready, and nothing is broken by that', async () => {
  const thread = start(join(folder, 'missing', 'tables.db'));
  await expect(thread.ready).rejects.toMatchObject({ problem: 'broken' });
  await thread[Symbol.asyncDispose]();
  expect(broken).toEqual([]);
});

test('an order that fails says why, and those behind it are done', async () => {
  await using thread = start();
  const failed = thread.perform(orderToRun('no SQL'));
  const done = thread.perform(setCursor(1));
  await expect(failed).rejects.toMatchObject({ reason: 'INTERNAL', cause: { message: expect.stringContaining('no') } });
  expect(await done).toBe(1);
});

test('a wait that is aborted ends at once, and the order is done', async () => {
  await using thread = start();
  const abort = new AbortController();
  const waiting = thread.perform(setCursor(1), abort.signal);
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await thread.perform(orderToRun('DELETE FROM definitions'));
  expect(cursor()).toBe(1);
});

test('only so many orders wait, and only so many bytes with them', async () => {
  await using thread = start();
  const busy = { reason: 'UNAVAILABLE', problem: 'busy' };
  const waiting = Array.from({ length: 1_000 }, (_, index) => thread.perform(setCursor(index)));
  await expect(thread.perform(setCursor(0))).rejects.toMatchObject(busy);
  await Promise.all(waiting);
  const large = thread.perform(orderToRun('DELETE FROM definitions', 2 ** 30));
  await expect(thread.perform(setCursor(0))).rejects.toMatchObject(busy);
  await large;
  expect(await thread.perform(setCursor(7))).toBe(1);
});

test('what was ordered is done before the thread ends, and its end breaks nothing', async () => {
  const thread = start();
  const done = thread.perform(setCursor(1));
  await thread[Symbol.asyncDispose]();
  await thread[Symbol.asyncDispose]();
  expect(await done).toBe(1);
  expect(cursor()).toBe(1);
  expect(broken).toEqual([]);
});

/** A thread that begins well, and runs something when it is given an order. */
function threadThat(does: string): URL {
  const code = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (request) => { ${does} });
    parentPort.postMessage('ready');`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

test.each(['process.exit(0)', 'throw new Error("out of memory")', 'parentPort.close()'])(
  'a thread that ends by itself breaks the tables, and fails who waits (%s)',
  async (does) => {
    await using thread = start(file.path, threadThat(does));
    await thread.ready;
    await expect(thread.perform(setCursor(1))).rejects.toMatchObject({ problem: 'broken' });
    expect(broken.length).toBeGreaterThan(0);
    await expect(thread.perform(setCursor(1))).rejects.toMatchObject({ problem: 'broken' });
  },
);

test('a log of writes that could not be copied back breaks the tables', async () => {
  const error = `{ problem: 'broken', reason: 'UNAVAILABLE', message: 'no disk', metadata: {}, violations: [] }`;
  const does = `parentPort.postMessage({ id: request.id, value: 1 }); parentPort.postMessage({ broken: ${error} });
    if (request === 'close') parentPort.close();`;
  await using thread = start(file.path, threadThat(does));
  await thread.ready;
  expect(await thread.perform(setCursor(1))).toBe(1);
  await expect.poll(() => broken).toMatchObject([{ problem: 'broken', message: 'no disk' }]);
});
