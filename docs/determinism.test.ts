import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#test/run.ts';

const repository = resolve(import.meta.dirname, '..');
const bin = (name: string): string => join(repository, 'node_modules/.bin', name);

let folder: string;
let blocks: { readonly file: string; readonly text: string }[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-determinism-'));
  const page = await readFile(join(import.meta.dirname, 'determinism.md'), 'utf8');
  blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = ''], index) => ({
    file: `block-${index + 1}.ts`,
    text,
  }));
  await Promise.all(blocks.map(({ file, text }) => writeFile(join(folder, file), text)));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('the rule reports what the page says that it reports', async () => {
  const [json = ''] =
    (await readFile(join(import.meta.dirname, 'determinism.md'), 'utf8')).match(/^\{$.*?^\}$/ms) ?? [];
  const config = json.replace('millrace/lint', join(repository, 'libs/sdk/lint/oxlint-plugin.ts'));
  await writeFile(join(folder, '.oxlintrc.json'), config);
  const { stdout } = await run(bin('oxlint'), ['-A', 'correctness', '--format', 'json', '.'], { cwd: folder });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
  };
  const found = diagnostics.map(({ code, filename, labels }) => `${code} ${filename} ${labels[0]?.span.line}`);
  const told = blocks.flatMap(({ file, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        line.includes('// reported') ? [`millrace(deterministic-workflow) ${file} ${index + 1}`] : [],
      ),
  );
  expect(found.toSorted()).toEqual(told.toSorted());
  expect(told.length).toBeGreaterThan(0);
});
