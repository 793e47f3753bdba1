import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMillrace } from './millrace-process.ts';
import { type ServedState, serveState } from './served-state.ts';
import { writeModule } from './write-module.ts';

let served: ServedState;

beforeAll(async () => {
  served = await serveState();
}, 60_000);

afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
});

const TIMEOUT = { timeout: 60_000 };

test('a worker of a module runs every workflow that it exports, until it is asked to end', TIMEOUT, async () => {
  const { folder, address } = served;
  const millrace = createMillrace(address, { folder });
  const module = await writeModule(
    folder,
    'greetings.ts',
    `
    export const greet = workflow('greet', async (ctx, name: string) => ctx.step('greet', () => 'hello ' + name));
    export const part = workflow('part', async (ctx) => ctx.step('part', () => 'bye'), { version: '2' });
    export { part as again };
    export const other = 1;
    `,
  );
  const args = ['worker', 'run', module, '--slots', '7', '--queue', 'default,slow', '--tags', 'eu', '--id', 'w7'];
  await using worker = millrace.start(args);
  await worker.shows(`announces greet 1, part 2\nready at ${address}: 7 slots for queue default, slow\n`);
  expect((await millrace.run(['worker', 'list'])).stdout).toMatch(
    /\nw7 +ready +0\/7 +default,slow +eu +greet 1, part 2 /,
  );
  const run = ['run', 'start', 'greet', '--input', '"ann"', '--queue', 'slow', '--wait'];
  expect(await millrace.run(run)).toMatchObject({ code: 0, stdout: expect.stringContaining('"hello ann"') });
  worker.signal('SIGTERM');
  expect(await worker.ended).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\ndrained\n$/),
    stderr: 'draining: 0 of 7 slots in use\n',
  });
});

/** The second step takes a minute where it is done for the first time. */
const SLOW = `
  import { existsSync, writeFileSync } from 'node:fs';
  export const slow = workflow('slow', async (ctx, mark: string) => {
    await ctx.step('first', () => 1);
    return ctx.step('second', async () => {
      if (existsSync(mark)) return 'done';
      writeFileSync(mark, '');
      console.log('begun');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });
  });
`;

test('what is not done within the grace goes back, and the next worker has it at once', TIMEOUT, async () => {
  const { folder, address } = served;
  const millrace = createMillrace(address, { folder });
  const module = await writeModule(folder, 'slow.ts', SLOW);
  await using first = millrace.start(['worker', 'run', module, '--grace', '500ms']);
  await first.shows('ready');
  await millrace.run(['run', 'start', 'slow', '--id', 'slow-1', '--input', '"mark-1"']);
  await first.shows('begun');
  first.signal('SIGINT');
  expect(await first.ended).toMatchObject({ code: 0, stderr: 'draining: 1 of 100 slots in use\n' });
  await using _second = millrace.start(['worker', 'run', module]);
  expect(await millrace.json(['run', 'wait', 'slow-1', '--timeout', '20s'])).toMatchObject({
    code: 0,
    lines: [{ run: { output: { value: 'done' } } }],
  });
});

test('a second Ctrl-C ends it at once', TIMEOUT, async () => {
  const { folder, address } = served;
  const millrace = createMillrace(address, { folder });
  const module = await writeModule(folder, 'slow.ts', SLOW);
  await using worker = millrace.start(['worker', 'run', module, '--grace', '50s', '--json']);
  await worker.shows('"ready"');
  await millrace.run(['run', 'start', 'slow', '--id', 'slow-2', '--input', '"mark-2"']);
  await worker.shows('begun');
  worker.signal('SIGINT');
  await delay(1_000);
  worker.signal('SIGINT');
  expect(await worker.ended).toMatchObject({ code: 130, stderr: '' });
  expect(await millrace.json(['run', 'get', 'slow-2'])).toMatchObject({ lines: [{ run: { status: 'RUNNING' } }] });
});

test.each([
  ['is not there', 'missing.ts', undefined, /^millrace: <module>: there is no file \.\/missing\.ts\n$/],
  ['does not parse', 'broken.js', 'export const = 1;', /does not load: .*broken\.js:2\n(.*\n)*SyntaxError: /],
  [
    'throws',
    'throwing.ts',
    "throw new RangeError('no');",
    /throwing\.ts does not load: RangeError: no\n +at .*throwing\.ts/,
  ],
  [
    'has no workflow',
    'empty.ts',
    'export const a = 1;',
    /empty\.ts exports no workflow: export what workflow\(\) makes\n/,
  ],
  [
    'has two of one name',
    'two.ts',
    "export const a = workflow('x', async () => 1); export const b = workflow('x', async () => 2);",
    /two\.ts exports x 1 twice, as a and as b\n/,
  ],
])('a module that %s is refused with what is wrong', TIMEOUT, async (_, name, code, message) => {
  const { folder, address } = served;
  const module = code === undefined ? `./${name}` : await writeModule(folder, name, code);
  const ran = await createMillrace(address, { folder }).run(['worker', 'run', module]);
  expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
});
