import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { lockFolder } from './folder-lock.ts';

const LOCK_AND_STAY = `
  import { lockFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)};
  if (process.argv[2] === 'unprivileged' && process.getuid() === 0) {
    process.setuid(65534);
  }
  try {
    globalThis.lock = lockFolder(process.argv[1], process.pid);
    console.log('locked');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.message);
  }
`;

let base: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'millrace-lock-'));
});

afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
  }
  rmSync(base, { recursive: true, force: true });
});

async function lockInChild(folder: string, ...flags: string[]): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', LOCK_AND_STAY, '--', folder, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [chunk] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, said: String(chunk).trim() };
}

function refusalOf(folder: string): StartError {
  try {
    lockFolder(folder, process.pid)[Symbol.dispose]();
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return error as StartError;
  }
  throw new Error('the folder was locked');
}

test('the folder is made and holds nothing but the lock', () => {
  const folder = join(base, 'a', 'b');
  using lock = lockFolder(folder, process.pid);
  expect(lock.folder).toBe(folder);
  expect(readdirSync(folder)).toEqual(['lock']);
});

test('a second process is refused with the folder and the first one’s pid, until that is killed', async () => {
  const first = await lockInChild(base);
  expect(first.said).toBe('locked');
  const second = await lockInChild(base);
  expect(second.said).toBe(`the data folder ${base} is in use by process ${first.child.pid}`);

  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const third = await lockInChild(base);
  expect(third.said).toBe('locked');
  expect(refusalOf(base).message).toContain(`process ${third.child.pid}`);
});

test('of many that start at once exactly one gets the folder', async () => {
  const started = await Promise.all(Array.from({ length: 6 }, () => lockInChild(base)));
  expect(started.filter(({ said }) => said === 'locked')).toHaveLength(1);
  expect(started.filter(({ said }) => said.includes('is in use by'))).toHaveLength(5);
});

test('a second lock in the same process is refused as well', () => {
  using _lock = lockFolder(base, process.pid);
  expect(refusalOf(base).message).toContain(`is in use by process ${process.pid}`);
});

test('a folder that was let go of can be locked again', () => {
  const lock = lockFolder(base, process.pid);
  lock[Symbol.dispose]();
  lock[Symbol.dispose]();
  using _again = lockFolder(base, process.pid);
});

test('a file where the folder should be is named', () => {
  const file = join(base, 'file');
  writeFileSync(file, '');
  expect(refusalOf(file).message).toBe(`the data folder ${file} cannot be made: a file of that name is in the way`);
  expect(refusalOf(join(file, 'x')).message).toContain('a part of the path is a file');
});

test('a folder without write permission is named', async () => {
  const folder = join(base, 'mine');
  mkdirSync(folder, { mode: 0o555 });
  chmodSync(base, 0o755);
  const inside = join(folder, 'x');
  expect((await lockInChild(folder, 'unprivileged')).said).toBe(`the data folder ${folder} cannot be written to`);
  expect((await lockInChild(inside, 'unprivileged')).said).toBe(
    `the data folder ${inside} cannot be made: permission denied`,
  );
});

test('a lock that cannot be opened as a file is named', () => {
  const folder = join(base, 'lock-is-a-folder');
  lockFolder(join(folder, 'lock'), process.pid)[Symbol.dispose]();
  expect(refusalOf(folder).message).toBe(`the data folder ${folder} cannot be written to`);
});

test('a lock that is no database is named', () => {
  writeFileSync(join(base, 'lock'), 'something else that is long enough to be looked at'.repeat(50));
  expect(refusalOf(base).message).toContain(`${join(base, 'lock')} is damaged`);
  expect(existsSync(join(base, 'lock'))).toBe(true);
});
