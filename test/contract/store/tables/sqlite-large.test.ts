import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMemoryStateTables } from '#libs/store/memory/tables/state-tables.ts';
import { openSqliteStateTables } from '#libs/store/sqlite/tables/open-tables.ts';
import { fillTables } from './fill-tables.ts';
import { LARGE_READS } from './large-reads.ts';

/** Heads, and as many items. `MILLRACE_TABLE_ROWS=200000` also prints how long the reads of as many take. */
const rows = Number(process.env['MILLRACE_TABLE_ROWS'] ?? '12000');
const isMeasured = process.env['MILLRACE_TABLE_ROWS'] !== undefined;
const REPEATS = 200;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'large-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Milliseconds that half of the reads stay under. */
async function medianOf(read: (index: number) => Promise<unknown>, repeats: number): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < repeats; index += 1) {
    const start = performance.now();
    await read(index);
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[repeats >> 1] ?? 0;
}

test('reads of large tables answer what those in memory do', { timeout: 600_000 }, async () => {
  await using opened = openSqliteStateTables(folder);
  opened.file.exec('PRAGMA synchronous = OFF');
  await fillTables(opened.tables, rows);
  if (isMeasured) {
    const medians: Record<string, string> = {};
    for (const large of LARGE_READS) {
      const { name, isLinear = false } = large;
      const median = await medianOf((index) => large.read(opened.tables, index), isLinear ? 10 : REPEATS);
      medians[name] = `${median.toFixed(3)} ms${isLinear ? ', grows with the rows' : ''}`;
    }
    console.table(medians);
    return;
  }
  const oracle = createMemoryStateTables();
  await fillTables(oracle, rows);
  for (const large of LARGE_READS) {
    expect({ [large.name]: await large.read(opened.tables, 3) }).toEqual({ [large.name]: await large.read(oracle, 3) });
  }
});
