import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockFolder } from '#libs/store/sqlite/folder-lock.ts';
import { openSqliteStateStore } from '#libs/store/sqlite/open.ts';
import { migrationContract, openContract } from './open-contract.ts';
import { CONTEXT, createSqliteHome } from './store-homes.ts';

openContract('opening a store in SQLite', createSqliteHome, false);
migrationContract('migrating a store in SQLite', createSqliteHome);

test('a folder that is in use is refused, and free again when its store is closed', async () => {
  await using home = await createSqliteHome();
  const store = await home.openState();
  await expect(home.openState()).rejects.toThrow('is in use by process');
  await store[Symbol.asyncDispose]();
  await (await home.openState())[Symbol.asyncDispose]();
});

test('a lock that the caller holds is left to it', async () => {
  await using home = await createSqliteHome();
  using lock = lockFolder(home.folder, process.pid);
  await (await openSqliteStateStore(home.folder, CONTEXT, { lock }))[Symbol.asyncDispose]();
  await expect(home.openState()).rejects.toThrow('is in use');
});

test('a failed open lets go of the folder', async () => {
  await using home = await createSqliteHome();
  await writeFile(
    join(home.folder, 'journal.db'),
    'this is no database, and long enough to be looked at as one'.repeat(50),
  );
  await expect(home.openState()).rejects.toThrow('journal.db is damaged');
  using lock = lockFolder(home.folder, process.pid);
  expect(lock.folder).toBe(home.folder);
});

test('a folder with data is not restored into', async () => {
  await using home = await createSqliteHome();
  await (await home.openState())[Symbol.asyncDispose]();
  await expect(home.openTarget({ service: 'state', partitions: 1 })).rejects.toThrow('holds a store');
});
