import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createCounters } from './counters.ts';
import { openTablesFile } from './tables-file.ts';

test('counts are written together, and a group that is empty leaves no row', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counters-'));
  try {
    using file = openTablesFile(join(folder, 'test.db'));
    file.exec('CREATE TABLE counts (a TEXT, b INTEGER, count INTEGER, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID');
    const counters = createCounters(file, 'counts', ['a', 'b']);
    const rows = (): unknown => file.prepare('SELECT a, b, count FROM counts ORDER BY a, b').all();
    counters.add(['x', 1], 1);
    counters.add(['x', 1], 1);
    counters.add(['x', 2], 1);
    counters.add(['y', 1], 1);
    counters.add(['y', 1], -1);
    expect(rows()).toEqual([]);
    counters.flush();
    counters.flush();
    expect(rows()).toEqual([
      { a: 'x', b: 1, count: 2 },
      { a: 'x', b: 2, count: 1 },
    ]);
    counters.add(['x', 2], -1);
    counters.add(['x', 1], -1);
    counters.flush();
    expect(rows()).toEqual([{ a: 'x', b: 1, count: 1 }]);
    counters.add(['x', 1], 5);
    counters.reset();
    counters.flush();
    expect(rows()).toEqual([{ a: 'x', b: 1, count: 1 }]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
