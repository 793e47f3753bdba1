import { copyFile, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, posix, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '#test/gate.ts';
import { run } from '#test/run.ts';
import { createTestFolder, FREE_PORTS } from '#test/service-process.ts';
import { createMillrace } from '../cli/millrace-process.ts';
import { FIRST_PAGE } from '../docs/first-page.ts';
import { readBlocks } from '../docs/read-blocks.ts';
import { runPage } from '../docs/run-page.ts';
import { envWith, installPackage } from './installed-package.ts';
import { findNode22 } from './node-22.ts';

const { version, exports } = JSON.parse(
  await readFile(resolve(import.meta.dirname, '../../../package.json'), 'utf8'),
) as {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
};
const doors = Object.keys(exports).map((door) => posix.join('millrace', door));
const tsc = resolve(import.meta.dirname, '../../../node_modules/typescript/bin/tsc');
const node22 = await findNode22();

const FLOW = `
import { Client, signal, Worker, workflow } from 'millrace';
const approved = signal('approved');
const order = workflow('order', async (ctx, { id }) => {
  const payment = await ctx.step('charge', () => 'paid ' + id);
  const { by } = await ctx.waitFor(approved);
  return { payment, by, picked: await ctx.all(['a', 'b'], (c, sku) => c.step('pick', () => sku)) };
});
const address = process.argv[2];
const worker = new Worker({ address, workflows: [order] });
await worker.start();
const client = new Client({ address });
const run = await client.start(order, { id: '42' }, { runId: 'order-42' });
await run.send(approved, { by: 'ann' });
console.log(JSON.stringify({ node: process.versions.node, output: await run.result() }));
await client.close();
await worker.stop();
`;

const GREET = `
import { workflow } from 'millrace';
export const greet = workflow('greet', async (ctx) => ctx.step('greet', () => 'hello'));
`;

const TESTED = `
import { workflow } from 'millrace';
import { createTestEnvironment, replay } from 'millrace/testing';
const month = workflow('month', async (ctx) => {
  await ctx.step('first', async () => 1);
  await ctx.sleep(30 * 86400000);
  return ctx.step('last', async () => 'done');
});
const other = workflow('month', async (ctx) => ctx.step('other', async () => 1));
const env = await createTestEnvironment({ workflows: [month] });
const killed = env.killWorker({ atStep: 1 });
const run = await env.client.start(month);
await killed;
const output = await run.result();
const history = await env.history(run);
const { end } = await replay(history, month);
const diverged = await replay(history, other).catch((error) => error);
console.log(JSON.stringify({ output, end, name: diverged.name, place: diverged.sourceLocation }));
await env[Symbol.asyncDispose]();
`;

const TYPED = `
import { Client, signal, Worker, type Workflow, workflow } from 'millrace';
const approved = signal<{ readonly by: string }>('approved');
export const order: Workflow<{ readonly id: string }, number> = workflow(
  'order',
  async (ctx, { id }: { readonly id: string }) => {
    const length: number = await ctx.step('measure', () => id.length);
    const answer = await ctx.waitFor(approved, { timeoutMs: 1_000 });
    return length + (answer?.by.length ?? 0);
  },
);
export async function main(): Promise<number> {
  await using worker = new Worker({ workflows: [order] });
  await worker.start();
  await using client = new Client();
  const run = await client.start(order, { id: 'a' });
  await run.send(approved, { by: 'ann' });
  // @ts-expect-error the input is an object
  await client.start(order, 1);
  // @ts-expect-error there is no such export
  await import('millrace').then(({ nothing }) => nothing);
  return run.result();
}
`;

const folder = createTestFolder();
const code = join(folder.path, 'node_modules/millrace/dist');

beforeAll(() => installPackage(folder.path), 120_000);
afterAll(() => folder[Symbol.dispose]());

for (const [name, node, found] of [
  ['the Node of the tests', process.execPath, []],
  ['the oldest Node that it is for', 'at' in node22 ? node22.at : '', [node22]],
] as const) {
  describeWith(`the package on ${name}`, found, () => {
    test('has a program, and doors that open', async () => {
      const env = envWith(node);
      const ran = await run('npx', ['--no-install', 'millrace', '--version'], { cwd: folder.path, env });
      expect(ran).toMatchObject({ code: 0, stdout: `millrace ${version}\n` });
      const open = doors.map((door) => `await import('${door}')`).join(';');
      const opened = await run(node, ['--input-type=module', '-e', open], { cwd: folder.path });
      expect(opened).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    test('tests workflows without a server', async () => {
      await writeFile(join(folder.path, 'tested.js'), TESTED);
      const tested = await run(node, ['tested.js'], { cwd: folder.path });
      expect(tested).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(tested.stdout)).toEqual({
        output: 'done',
        end: 'completed',
        name: 'DivergedError',
        place: expect.stringMatching(/tested\.js:9:\d+$/),
      });
    });

    test('serves, and runs workflows: of a module, and of a program', { timeout: 60_000 }, async () => {
      await writeFile(join(folder.path, 'greet.js'), GREET);
      await writeFile(join(folder.path, 'flow.js'), FLOW);
      using data = createTestFolder();
      const env = { ...FREE_PORTS, MILLRACE_STORE: `sqlite:${join(data.path, 'store')}` };
      const surroundings = { folder: folder.path, node, main: join(code, 'cli/millrace.js') };
      await using dev = createMillrace('', { ...surroundings, env }).start(['dev', './greet.js', '--watch']);
      await dev.shows('slots for queue');
      const address = /ready at (\S+):/.exec(dev.stdout())?.[1] ?? '';
      const [greeted, flowed, asked] = await Promise.all([
        createMillrace(address, surroundings).run(['run', 'start', 'greet', '--wait']),
        run(node, ['flow.js', address], { cwd: folder.path }),
        run(node, ['--version']),
      ]);
      expect(greeted).toMatchObject({ code: 0, stdout: expect.stringContaining('"hello"') });
      expect(flowed).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(flowed.stdout)).toEqual({
        node: asked.stdout.trim().slice(1),
        output: { payment: 'paid 42', by: 'ann', picked: ['a', 'b'] },
      });
      dev.signal('SIGTERM');
      expect(await dev.ended).toMatchObject({ code: 0 });
    });

    test('does what the page on the first workflow says', { timeout: 80_000 }, async () => {
      const page = await readFile(resolve(import.meta.dirname, '../../../docs', FIRST_PAGE), 'utf8');
      const blocks = readBlocks(FIRST_PAGE, page).filter(({ attributes }) => !('not-run' in attributes));
      using data = createTestFolder();
      await symlink(join(folder.path, 'node_modules'), join(data.path, 'node_modules'));
      await copyFile(join(folder.path, 'package.json'), join(data.path, 'package.json'));
      await runPage(blocks, { folder: data.path, path: [dirname(node)], mongo: undefined });
    });
  });
}

describe('the package', () => {
  test.each([
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ])('has declarations that hold on their own, found by $moduleResolution', { timeout: 60_000 }, async (modules) => {
    await writeFile(join(folder.path, 'typed.ts'), TYPED);
    const lib = ['es2024', 'esnext.disposable'];
    const compilerOptions = { target: 'es2024', lib, ...modules, strict: true, noEmit: true, skipLibCheck: false };
    await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    const ran = await run(process.execPath, [tsc, '-p', folder.path]);
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('has no tests in it, and names every package that it imports', async () => {
    const { dependencies } = JSON.parse(
      await readFile(join(folder.path, 'node_modules/millrace/package.json'), 'utf8'),
    ) as { readonly dependencies: Readonly<Record<string, string>> };
    const files = await readdir(code, { recursive: true });
    const inner = files.filter((file) => !PUBLISHED_TESTING.test(file));
    expect(files.filter((file) => /\.test\./.test(file))).toEqual([]);
    expect(inner.filter((file) => /(^|\/)testing\//.test(file))).toEqual([]);
    const imported = new Set<string>();
    for (const file of files.filter((one) => /\.(js|d\.ts)$/.test(one))) {
      const text = await readFile(join(code, file), 'utf8');
      for (const [, named, loaded] of text.matchAll(IMPORT)) {
        const specifier = named ?? loaded ?? '';
        if (!/^[.#]/.test(specifier) && !isBuiltin(specifier)) imported.add(packageOf(specifier));
      }
    }
    expect([...imported].toSorted()).toEqual(Object.keys(dependencies).toSorted());
  });
});

/** What is for the tests of others. */
const PUBLISHED_TESTING = /^(services|libs\/sdk)\/testing(\/|$)/;

/** As the compiler writes them: the end of an import or a re-export, or a call. */
const IMPORT = /^(?:(?:import|export|\}).* from |import )['"]([^'"]+)['"];$|\bimport\(['"]([^'"]+)['"]\)/gm;

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
