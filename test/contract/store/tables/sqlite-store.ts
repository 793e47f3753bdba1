import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openSqliteRegistryTables,
  openSqliteStateTables,
  type SqliteStateTables,
  type SqliteTables,
} from '#libs/store/sqlite/tables/open-tables.ts';
import type { TablesFile } from '#libs/store/sqlite/tables/tables-file.ts';
import type { RegistryTables } from '#libs/store/store.ts';
import type { OpenTables, TablesStore } from './tables-store.ts';

/** Opens a store in a folder of its own, which goes with it. A thread writes its tables if that is asked for. */
export async function openSqliteTablesStore({
  hasThread = false,
}: {
  readonly hasThread?: boolean;
} = {}): Promise<TablesStore> {
  const folder = await mkdtemp(join(tmpdir(), 'tables-'));
  await mkdir(join(folder, 'state'));
  await mkdir(join(folder, 'registry'));
  let opened: { readonly state: SqliteStateTables; readonly registry: SqliteTables<RegistryTables> };

  async function open(): Promise<OpenTables> {
    opened = {
      state: openSqliteStateTables(join(folder, 'state')),
      registry: openSqliteRegistryTables(join(folder, 'registry')),
    };
    for (const { file } of [opened.state, opened.registry]) {
      // What a power cut would lose is not what these tests are about, and they write a lot.
      file.exec('PRAGMA synchronous = OFF');
    }
    if (hasThread) await opened.state.startThread();
    return { state: opened.state.tables, registry: opened.registry.tables };
  }

  async function close(): Promise<void> {
    await opened.state[Symbol.asyncDispose]();
    await opened.registry[Symbol.asyncDispose]();
  }

  await open();
  return {
    async openEmpty() {
      clear(opened.state.file);
      clear(opened.registry.file);
      if (hasThread) await opened.state.startThread();
      return { state: opened.state.tables, registry: opened.registry.tables };
    },
    async reopen() {
      await close();
      return await open();
    },
    async [Symbol.asyncDispose]() {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function clear(file: TablesFile): void {
  const tables = file.database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  file.transaction(() => {
    for (const { name } of tables) {
      file.exec(`DELETE FROM ${String(name)}`);
    }
  });
}
