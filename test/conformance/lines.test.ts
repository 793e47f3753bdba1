import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { createRegistryBindings } from '#services/registry/bindings.ts';
import { createStateBindings } from '#services/state/bindings.ts';
import { createWorkerBindings } from '#services/worker/bindings.ts';
import { isPartOf } from './fold.ts';
import { LINES } from './lines.ts';
import { markedLines } from './marks.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const FOLDERS = '{cli,docs,libs,services,test}/**/*.ts';
const LITERAL = /'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\\n])*`/g;

test('there is every line from 1 to 95, each with a title of its own and a place that it needs', () => {
  expect(LINES.map(({ number }) => number)).toEqual(Array.from({ length: 95 }, (_, at) => at + 1));
  expect(new Set(LINES.map(({ title }) => title)).size).toBe(LINES.length);
  expect(LINES.filter(({ needs }) => needs.length === 0)).toEqual([]);
});

test('what lines are about is a service, a call of one, or graphs', () => {
  const bindings = [...createRegistryBindings(), ...createStateBindings(), ...createWorkerBindings()];
  const calls = bindings.flatMap(({ methods }) => methods.map(({ path }) => path.slice(1)));
  const wanted = LINES.flatMap(({ about }) => about).filter((name) => name !== 'graphs');
  expect(wanted.filter((name) => !calls.some((call) => isPartOf(call, name)))).toEqual([]);
});

test('no test names a line that is not there', async () => {
  const known = new Set(LINES.map(({ number }) => number));
  const unknown: string[] = [];
  let marks = 0;
  for await (const file of glob(FOLDERS, { cwd: REPOSITORY, exclude: ['test/conformance/*.test.ts'] })) {
    for (const [literal] of readFileSync(join(REPOSITORY, file), 'utf8').matchAll(LITERAL)) {
      const numbers = markedLines([literal.slice(1, -1)]);
      marks += numbers.length;
      if (numbers.some((number) => !known.has(number))) unknown.push(`${file}: ${literal}`);
    }
  }
  expect(unknown).toEqual([]);
  expect(marks).toBeGreaterThan(200);
});
