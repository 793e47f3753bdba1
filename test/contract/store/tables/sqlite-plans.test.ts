import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqliteRegistryTables, openSqliteStateTables } from '#libs/store/sqlite/tables/open-tables.ts';
import type { TablesFile } from '#libs/store/sqlite/tables/tables-file.ts';
import type { AttributeCondition } from '#libs/store/tables/attribute.ts';
import { dumpTables } from './dump-tables.ts';
import { headRow, write } from './rows.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plans-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const bound = { type: 'integer', value: 1n } as const;
const conditions: readonly AttributeCondition[] = [
  { name: 'x', equals: bound },
  { name: 'x', atLeast: bound },
  { name: 'x', below: bound },
  { name: 'x', atLeast: bound, below: bound },
];

/** What SQLite does for a statement, a line a table. */
function planOf(file: TablesFile, sql: string): string[] {
  return file.database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map((row) => String(row['detail']));
}

test('every statement finds its rows in an index, in the order that they are wanted', async () => {
  await using state = openSqliteStateTables(folder);
  const registryFolder = await mkdtemp(join(folder, 'registry-'));
  await using registry = openSqliteRegistryTables(registryFolder);
  const tables = { state: state.tables, registry: registry.tables };
  // Statements that are made of a filter's fields are prepared when they are first asked.
  await write(tables, 1, { table: 'heads', put: headRow({ tenantId: 'a', attributes: { x: bound } }) });
  for (const workflow of [{}, { workflow: 'order' }]) {
    for (const condition of conditions) {
      await tables.state.listHeads('a', { ...workflow, attributes: [condition] }, { limit: 1 });
      await tables.state.countHeads('a', { ...workflow, attributes: [condition], startedBefore: 5 });
    }
    await tables.state.countHeads('a', { ...workflow, startedBefore: 5 });
  }
  for (const field of [{}, { name: 'order' }]) {
    await tables.registry.packages.list('a', field, { limit: 1 });
  }
  for (const filter of [{}, { workflow: 'w' }, { packageDigest: 'd' }, { workflow: 'w', packageDigest: 'd' }]) {
    await tables.state.definitions.list('a', filter, { limit: 1 });
  }
  await dumpTables(tables);

  for (const { file } of [state, registry]) {
    const statements = file.statements().filter((sql) => /^\s*(SELECT|INSERT|UPDATE|DELETE)/.test(sql));
    expect(statements.length).toBeGreaterThan(15);
    const slow = statements.flatMap((sql) =>
      planOf(file, sql)
        .filter(
          (line) =>
            /TEMP B-TREE|AUTOMATIC/.test(line) || /^SCAN (?!CONSTANT ROW|\(subquery|wanted VIRTUAL TABLE)/.test(line),
        )
        .map((line) => `${line}: ${sql.replaceAll(/\s+/g, ' ')}`),
    );
    expect(slow).toEqual([]);
  }
});

test('lists begin at their place, and end where their bounds do', async () => {
  await using state = openSqliteStateTables(folder);
  const plan = (sql: string): string => planOf(state.file, sql).join();
  await state.tables.listHeads('a', { workflow: 'order', startedBefore: 5, startedAtOrAfter: 1 }, { limit: 1 });
  const [ofGroup = ''] = state.file.statements().filter((sql) => /workflow = \?.*ORDER BY start_order/s.test(sql));
  expect(plan(ofGroup)).toBe(
    'SEARCH heads USING COVERING INDEX heads_by_group (tenant_id=? AND workflow=? AND version=? AND status=? AND (start_order,run_id)>(?,?) AND start_order<?)',
  );
  const [readyHead = ''] = state.file.statements().filter((sql) => sql.includes('ORDER BY ready_since'));
  expect(plan(readyHead)).toContain('priority=? AND (ready_since,slot,run_id,incarnation,item_id)>(?,?,?,?,?)');
  const [readyLists = ''] = state.file.statements().filter((sql) => sql.includes('ORDER BY tenant_id, queue'));
  expect(plan(readyLists)).toContain(
    'COVERING INDEX items_ready ((tenant_id,queue,tag_set,priority,ready_since)>(?,?,?,?,?))',
  );
  const due = state.file.statements().filter((sql) => /AS due FROM/.test(sql));
  expect(due).toHaveLength(6);
  for (const sql of due) {
    expect(plan(sql)).toMatch(/_time<\?\)$/);
  }
});
