import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STORE_FORMAT } from '#libs/store/opening/meta-row.ts';
import { openSqliteStateStore } from '#libs/store/sqlite/open.ts';
import { createTestFolder } from '#test/service-process.ts';
import { dumpState } from '../open/filled-store.ts';
import { CONTEXT } from '../open/store-homes.ts';

const formats = readdirSync(import.meta.dirname).filter((name) => name.startsWith('format-'));

test('there is a recorded store of every format up to this one', () => {
  const numbers = formats.map((name) => Number(name.slice('format-'.length))).toSorted((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: STORE_FORMAT }, (_, index) => index + 1));
});

test.each(formats)('a store of %s opens and holds what was written into it', { timeout: 30_000 }, async (format) => {
  using folder = createTestFolder();
  cpSync(join(import.meta.dirname, format), folder.path, { recursive: true });
  const expected: unknown = JSON.parse(readFileSync(join(folder.path, 'expected.json'), 'utf8'));
  await using store = await openSqliteStateStore(folder.path, CONTEXT);
  expect(store.meta.format).toBeLessThanOrEqual(STORE_FORMAT);
  expect(await dumpState(store)).toEqual(expected);
  const body = new Uint8Array(3);
  expect(await store.tables.writeCheckpoint({ partition: 0, position: 4, epoch: 1, body })).toBe(true);
});
