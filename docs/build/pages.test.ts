import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { GENERATED_PAGES } from './pages.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const DOCS = join(REPOSITORY, 'docs');
const PAGES = [
  join(REPOSITORY, 'README.md'),
  ...readdirSync(DOCS)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(DOCS, name)),
];

test.each(GENERATED_PAGES.map((page) => [basename(page.file.pathname), page] as const))(
  '%s is what `npm run docs` writes',
  (_, { file, render }) => {
    expect(readFileSync(file, 'utf8')).toBe(render());
  },
);

test.each(PAGES.map((page) => [basename(page), page] as const))('every link of %s leads somewhere', (_, page) => {
  const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
    ([, target]) => target ?? '',
  );
  const broken = links.filter((target) => !existsSync(join(dirname(page), target)));
  expect(broken).toEqual([]);
});

test('every page is reached from the readme', () => {
  const readme = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');
  const lost = PAGES.map((page) => basename(page)).filter(
    (name) => name !== 'README.md' && !readme.includes(`docs/${name}`),
  );
  expect(lost).toEqual([]);
});

test('the map of the tree names only what is there', () => {
  const map = readFileSync(join(DOCS, 'tree.md'), 'utf8');
  const blocks = [...map.matchAll(/^(?:## Inside `(\S+)`\n\n)?```text\n([\s\S]*?)^```/gm)];
  const named = blocks.flatMap(([, folder = '', lines = '']) =>
    lines.split('\n').flatMap((line) => {
      const [names = ''] = line.split(/ {2,}/);
      return names.split(' ').map((name) => join(folder, name.replace(/…$/, '')));
    }),
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
});
