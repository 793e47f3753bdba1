import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileWatcher, type FileWatcher } from './file-watcher.ts';

let folder: string;
let watcher: FileWatcher;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-watch-'));
  watcher = createFileWatcher();
});

afterEach(() => {
  watcher[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** Makes a file that was written an hour ago. */
function oldFile(name: string): string {
  const file = join(folder, name);
  writeFileSync(file, 'old');
  const hourAgo = Date.now() / 1_000 - 3_600;
  utimesSync(file, hourAgo, hourAgo);
  return file;
}

test('a file that is written, or replaced by another one, has changed', async () => {
  const file = oldFile('a.ts');
  watcher.add(file, Date.now());
  const written = watcher.next();
  writeFileSync(file, 'new');
  expect(await written).toBe('a.ts');
  const replaced = watcher.next();
  writeFileSync(join(folder, 'other'), 'newer');
  renameSync(join(folder, 'other'), file);
  expect(await replaced).toBe('a.ts');
});

test('a file that was written between the time and the watch has changed, and one from before has not', async () => {
  const sinceMs = Date.now() - 60_000;
  const heard: string[] = [];
  void watcher.next().then((name) => heard.push(name));
  watcher.add(oldFile('old.ts'), sinceMs);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(heard).toEqual([]);
  const file = join(folder, 'new.ts');
  writeFileSync(file, 'new');
  watcher.add(file, sinceMs);
  await expect.poll(() => heard).toEqual(['new.ts']);
});

test('what is not there is not watched, and fails nothing', () => {
  expect(() => watcher.add(join(folder, 'gone', 'a.ts'), 0)).not.toThrow();
});
