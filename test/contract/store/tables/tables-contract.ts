import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { addedRows } from './added-rows.ts';
import { guardedWrites } from './guarded-writes.ts';
import { headReads } from './head-reads.ts';
import { incarnationDeletes } from './incarnation-deletes.ts';
import { itemReads } from './item-reads.ts';
import { pagedLists } from './paged-lists.ts';
import { runReads } from './run-reads.ts';
import { tablesProperties } from './tables-properties.ts';
import type { CurrentTables, OpenTables, TablesContractOptions, TablesStore } from './tables-store.ts';
import { versionedTables } from './versioned-tables.ts';

/** What the tables of every store must do, whatever keeps them. */
export function tablesContract(
  name: string,
  openStore: () => Promise<TablesStore>,
  options: TablesContractOptions,
): void {
  describe(name, { timeout: 60_000 }, () => {
    let store: TablesStore;
    let tables: OpenTables;
    const current: CurrentTables = () => tables;

    beforeAll(async () => {
      store = await openStore();
    }, 60_000);
    beforeEach(async () => {
      tables = await store.openEmpty();
    }, 60_000);
    afterAll(async () => {
      await store[Symbol.asyncDispose]();
    }, 60_000);

    guardedWrites(current);
    incarnationDeletes(current);
    headReads(current);
    itemReads(current);
    runReads(current);
    versionedTables(current);
    addedRows(current);
    pagedLists(current);
    tablesProperties(() => store, options);
  });
}
