import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { VERSION } from '#libs/service/version.ts';
import { dumpState, fillState } from '#test/contract/store/open/filled-store.ts';
import { createMemoryHome, createSqliteHome, type StoreHome } from '#test/contract/store/open/store-homes.ts';
import { serviceEnv } from '#test/env.ts';
import { createTestFolder } from '#test/service-process.ts';
import { type BackupFaults, serveBackup } from './backup-service.ts';

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ran> } {
  const main = fileURLToPath(new URL('../../../cli/millrace.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { env: serviceEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, stdout, stderr })) };
}

const millrace = (args: readonly string[], env: Record<string, string> = {}): Promise<Ran> => start(args, env).ended;

/** A service with a filled store, on a free port. */
async function serveStore(home: StoreHome, faults: BackupFaults = {}) {
  const stack = new AsyncDisposableStack();
  const store = stack.use(await home.openState());
  await fillState(store, 50);
  const server = stack.use(await serveBackup({ service: 'state', store, parts: store.backup }, faults));
  return {
    store,
    address: server.addresses.grpc,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const TIMEOUT = { timeout: 60_000 };

test('a backup of a running service is restored into another kind of store', TIMEOUT, async () => {
  using folder = createTestFolder();
  await using home = await createMemoryHome();
  await using served = await serveStore(home);
  const file = join(folder.path, 'state.backup');
  const backup = await millrace(['admin', 'backup', '--to', file, '--label', 'nightly', '--address', served.address]);
  expect(backup).toMatchObject({ code: 0, stderr: '' });
  expect(backup.stdout).toContain('of the state service 1.2.3');
  expect(await readdir(folder.path)).toEqual(['state.backup']);

  await using target = await createSqliteHome();
  const restore = await millrace([
    '--json',
    'admin',
    'restore',
    `--from=${file}`,
    '--store',
    `sqlite:${target.folder}`,
  ]);
  expect(restore).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(restore.stdout)).toMatchObject({
    store: `sqlite:${target.folder}`,
    service: 'state',
    label: 'nightly',
    era: 1,
    blobs: 4,
    isOneMoment: true,
  });
  await using restored = await target.openState();
  expect(await dumpState(restored)).toEqual(await dumpState(served.store));

  const again = await millrace(['admin', 'backup', '--to', file, '--address', served.address, '--json']);
  expect(again.code).toBe(1);
  expect(JSON.parse(again.stderr)).toEqual({ error: { message: expect.stringContaining('there is a file') } });
  const replaced = await millrace(['admin', 'backup', '--to', file, '--overwrite'], {
    MILLRACE_ADDRESS: served.address,
  });
  expect(replaced.code).toBe(0);
});

test('a backup that the service does not finish leaves no file', TIMEOUT, async () => {
  using folder = createTestFolder();
  await using home = await createMemoryHome();
  await using served = await serveStore(home, { isCut: true });
  const backup = await millrace(['admin', 'backup', '--to', join(folder.path, 'b'), '--address', served.address]);
  expect(backup).toMatchObject({ code: 1, stdout: '' });
  expect(backup.stderr).toBe('millrace: the service ended the backup before it was whole\n');
  expect(await readdir(folder.path)).toEqual([]);
});

test('a backup that is interrupted leaves no file', TIMEOUT, async () => {
  using folder = createTestFolder();
  await using home = await createMemoryHome();
  await using served = await serveStore(home, { isHanging: true });
  const { child, ended } = start(['admin', 'backup', '--to', join(folder.path, 'b'), '--address', served.address]);
  while (!(await readdir(folder.path)).includes('b.partial')) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130, stdout: '' });
  expect(await readdir(folder.path)).toEqual([]);
});

test('a service that is not there is an error in one line', TIMEOUT, async () => {
  using folder = createTestFolder();
  const backup = await millrace(['admin', 'backup', '--to', join(folder.path, 'b'), '--address', '127.0.0.1:1']);
  expect(backup.code).toBe(1);
  expect(backup.stderr.trim().split('\n')).toHaveLength(1);
  expect(await readdir(folder.path)).toEqual([]);
});

test('a damaged file is refused, and nothing is made of it', TIMEOUT, async () => {
  using folder = createTestFolder();
  await using home = await createMemoryHome();
  await using served = await serveStore(home);
  const file = join(folder.path, 'b');
  await millrace(['admin', 'backup', '--to', file, '--address', served.address]);
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, bytes.length - 10));
  const restore = await millrace(['admin', 'restore', '--from', file, '--store', `sqlite:${join(folder.path, 'new')}`]);
  expect(restore.code).toBe(1);
  expect(restore.stderr).toContain('it is cut short');
  expect(await readdir(folder.path)).toEqual(['b']);
});

test('help and version are printed, of the program, of a group and of a command', TIMEOUT, async () => {
  expect((await millrace(['--version'])).stdout).toBe(`millrace ${VERSION}\n`);
  for (const args of [[], ['--help'], ['admin'], ['admin', '--help']]) {
    const { code, stdout } = await millrace(args);
    expect(code).toBe(0);
    expect(stdout).toContain('millrace admin restore');
  }
  const { stdout } = await millrace(['admin', 'backup', '--help']);
  expect(stdout).toContain('--token-file <file>');
  expect(stdout).toContain('(required, or MILLRACE_ADDRESS)');
});

test.each([
  [['admin', 'bakcup'], 'unknown command admin bakcup: did you mean admin backup?'],
  [['admin', 'backup'], '--address: is missing, or set MILLRACE_ADDRESS; --to: is missing'],
  [['admin', 'backup', '--too', 'x', '--address', 'a:1', '--to', 'x'], 'unknown option --too: did you mean --to?'],
  [['admin', 'restore', '--from', 'x', '--store', 'mongo://user:secret@h'], '--store: the store mongo: is unknown'],
  [['admin', 'restore', '--from', 'x', '--store', 'sqlite:x', '--era', '200'], '--era: must be'],
])('%j is not understood', TIMEOUT, async (args, message) => {
  const { code, stdout, stderr } = await millrace(args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('secret');
});
