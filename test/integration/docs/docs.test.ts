import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { describeWith } from '#test/gate.ts';
import { createTestFolder } from '#test/service-process.ts';
import { blockKind } from './block-kind.ts';
import { checkTypes } from './check-types.ts';
import { FIRST_PAGE } from './first-page.ts';
import { makePageFolder } from './page-folder.ts';
import { findPageNeeds } from './page-needs.ts';
import { type Block, readBlocks } from './read-blocks.ts';
import { isWritten, runPage } from './run-page.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
/** They say on their fence why. */
const MAX_NOT_RUN = 3;
const PAGE_TIMEOUT_MS = 80_000;

/** Shows that types are looked at, and that lines are those of the page. */
const WRONG: Block = {
  page: 'a.md',
  line: 7,
  language: 'ts',
  attributes: {},
  text: "\nconst a: number = 'x';\nvoid a;",
};

const names = readdirSync(join(REPOSITORY, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...names.map((name) => `docs/${name}`)].map((page) => ({
  page,
  blocks: readBlocks(page, readFileSync(join(REPOSITORY, page), 'utf8')),
}));
const all = pages.flatMap(({ blocks }) => blocks);

test('few blocks are left out that could be run', () => {
  const leftOut = all.filter(({ attributes }) => 'not-run' in attributes);
  expect(leftOut.map(({ page, line }) => `${page}:${line}`).slice(MAX_NOT_RUN)).toEqual([]);
});

test.each(all.filter((block) => blockKind(block) === 'json').map(({ page, line, text }) => [`${page}:${line}`, text]))(
  'the JSON of %s can be read',
  (_where, text) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  },
);

const runnable = await Promise.all(
  pages
    .filter(({ page, blocks }) => blocks.some(isRun) && page !== `docs/${FIRST_PAGE}`)
    .map(async ({ page, blocks }) => ({ page, blocks, needs: await findPageNeeds(blocks) })),
);

// Pages wait for processes more than they compute, and none has anything of another one.
describe.concurrent('the pages', () => {
  test('all TypeScript has the right types', { timeout: PAGE_TIMEOUT_MS }, async () => {
    using folder = createTestFolder();
    expect(await checkTypes(REPOSITORY, folder.path, [...all, WRONG])).toMatch(/^a\.md:9 [^\n]*TS2322[^\n]*\n$/);
  });

  for (const { page, blocks, needs } of runnable) {
    const { mongo, grpcurl, python } = needs;
    const found = Object.values(needs).filter((need) => need !== undefined);
    describeWith(page, found, () => {
      test('does what it says, from the first block to the last', { timeout: PAGE_TIMEOUT_MS }, async () => {
        using folder = createTestFolder();
        await using database = openDatabase(mongo && 'at' in mongo ? mongo.at : undefined);
        const checkout = join(folder.path, 'checkout');
        makePageFolder(REPOSITORY, checkout);
        const path = [
          join(REPOSITORY, 'node_modules/.bin'),
          ...[grpcurl, python].flatMap((tool) => (tool && 'at' in tool ? [dirname(tool.at)] : [])),
        ];
        await runPage(blocks, { folder: checkout, path, mongo: database.uri });
      });
    });
  }
});

function isRun(block: Block): boolean {
  return blockKind(block) === 'shell' || (blockKind(block) === 'types' && isWritten(block));
}

/** A database that is dropped at the end. */
function openDatabase(server: string | undefined): { readonly uri: string | undefined } & AsyncDisposable {
  if (server === undefined) return { uri: undefined, [Symbol.asyncDispose]: async () => undefined };
  const name = `docs_${randomUUID().slice(0, 8)}`;
  const uri = new URL(server);
  uri.pathname = `/${name}`;
  return {
    uri: uri.href,
    async [Symbol.asyncDispose]() {
      await using client = await MongoClient.connect(server);
      await client.db(name).dropDatabase();
    },
  };
}
