import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryRegistryTables } from '#libs/store/memory/tables/registry-tables.ts';
import { createMemoryStateTables } from '#libs/store/memory/tables/state-tables.ts';
import { dumpTables, readPages } from './dump-tables.ts';
import { anyHead, headFilter, type Operation, operation, TENANTS } from './random-operations.ts';
import { bodyOf, signal, stampAt } from './rows.ts';
import type { OpenTables, TablesContractOptions, TablesStore } from './tables-store.ts';
import { VERSIONED_CASES } from './versioned-cases.ts';

/** Operations between two dumps. */
const DUMP_EVERY = 6;

/** Does an operation and answers what the caller hears of it. */
async function apply(tables: OpenTables, done: Operation): Promise<unknown> {
  const { state } = tables;
  switch (done.kind) {
    case 'round':
      return state.writeRows(stampAt(done.position), done.writes, signal);
    case 'deleteIncarnation': {
      // Which rows go first is the store's business.
      while (!(await state.deleteIncarnation(stampAt(done.position), done.key, done.limit))) {}
      return true;
    }
    case 'purge':
      return state.purgeTombstones(done.before, 1_000);
    case 'versioned': {
      const versioned = VERSIONED_CASES[done.table];
      if (versioned === undefined) {
        return undefined;
      }
      const table = versioned.table(tables);
      const row = versioned.row(done.id, done.body);
      const revision = (await table.read(versioned.keyOf(done.id)))?.revision ?? 1;
      return [
        () => table.insert(row),
        () => table.replace({ ...row, revision }),
        () => table.replace({ ...row, revision: revision + 1 }),
        () => table.delete(versioned.keyOf(done.id), revision),
        () => table.delete(versioned.keyOf(done.id), revision + 1),
        () => table.read(versioned.keyOf(done.id)),
      ][done.verb]?.();
    }
    case 'activation': {
      const { tenantId, name, number } = done;
      return state.activations.insert({ tenantId, name, number, createTime: number, body: bodyOf(name) });
    }
    case 'audit': {
      const { tenantId, number } = done;
      return state.audit.insert({ tenantId, number, time: number, body: bodyOf(tenantId) });
    }
    case 'mark': {
      const { partition, value } = done;
      return [
        await state.writeCheckpoint({ partition, position: value, epoch: value, body: bodyOf('') }),
        await state.writeCursor(`cursor ${partition}`, value),
      ];
    }
    case 'reopen':
      return undefined;
  }
}

function openOracle(): OpenTables {
  return { state: createMemoryStateTables(), registry: createMemoryRegistryTables() };
}

/** Whatever is done, the tables answer what those in memory do. */
export function tablesProperties(store: () => TablesStore, { sequences }: TablesContractOptions): void {
  test('any operations leave the same rows as in memory, across reopening', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 40, size: 'max' }), async (operations) => {
        const oracle = openOracle();
        let tables = await store().openEmpty();
        for (const [index, done] of operations.entries()) {
          if (done.kind === 'reopen') {
            tables = await store().reopen();
          }
          expect(await apply(tables, done)).toEqual(await apply(oracle, done));
          if (index % DUMP_EVERY === 0) {
            expect(await dumpTables(tables)).toEqual(await dumpTables(oracle));
          }
        }
        expect(await dumpTables(tables)).toEqual(await dumpTables(oracle));
      }),
      { numRuns: sequences },
    );
  });

  test('any filter lists and counts the same heads as in memory, in pages of any size', async () => {
    const heads = fc.uniqueArray(anyHead(fc.integer({ min: 0, max: 99 }).map((number) => `run ${number}`)), {
      selector: ({ tenantId, runId }) => `${tenantId} ${runId}`,
      maxLength: 80,
      size: 'max',
    });
    const filters = fc.array(fc.tuple(headFilter, fc.integer({ min: 1, max: 9 })), { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(heads, filters, async (rows, asked) => {
        const oracle = openOracle();
        const tables = await store().openEmpty();
        const writes = rows.map((put) => ({ table: 'heads', put }) as const);
        await Promise.all([oracle, tables].map(({ state }) => state.writeRows(stampAt(1), writes, signal)));
        for (const [filter, limit] of asked) {
          for (const tenantId of TENANTS) {
            const expected = await readPages(100, (page) => oracle.state.listHeads(tenantId, filter, page));
            expect(await readPages(limit, (page) => tables.state.listHeads(tenantId, filter, page))).toEqual(expected);
            const offset = await tables.state.listHeads(tenantId, filter, { limit, offset: 3 });
            expect(offset.rows).toEqual(expected.slice(3, 3 + limit));
            expect(await tables.state.countHeads(tenantId, filter)).toBe(expected.length);
          }
        }
      }),
      { numRuns: sequences },
    );
  });
}
