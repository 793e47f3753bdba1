import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTestFolder, FREE_PORTS, startProgram } from '#test/service-process.ts';
import { createMillrace, type Millrace, type Running } from './millrace-process.ts';
import { writeModule } from './write-module.ts';

const TIMEOUT = { timeout: 90_000 };

/** A workflow that waits between two steps; the second comes from another file. */
const flowWith = (first: string): string => `
  import { pack } from './pack.ts';
  export const order = workflow('order', async (ctx, id: string) => {
    const payment = await ctx.step('${first}', () => 'paid ' + id);
    await ctx.waitFor(signal('go'));
    return [payment, await ctx.step('pack', pack)];
  });
`;

const packWith = (what: string): string => `export const pack = (): string => '${what}';`;

/** How often a line stands in what was printed. */
const countOf = (text: string, line: string): number => text.split(line).length - 1;

async function addressOf(dev: Running): Promise<string> {
  await dev.shows('slots for queue');
  return /ready at (\S+):/.exec(dev.stdout())?.[1] ?? '';
}

async function statusOf(millrace: Millrace, run: string): Promise<unknown> {
  const { lines } = await millrace.json(['run', 'get', run]);
  return (lines[0] as { readonly run: { readonly status: unknown } }).run.status;
}

test(
  'an open run goes on with the code that was changed; code that fits no more is shown as a diff',
  TIMEOUT,
  async () => {
    using folder = createTestFolder();
    const { path } = folder;
    const module = await writeModule(path, 'flows.ts', flowWith('charge'));
    await writeModule(path, 'pack.ts', packWith('old'));
    await using dev = createMillrace('', { folder: path, env: FREE_PORTS }).start(['dev', module, '--watch']);
    const address = await addressOf(dev);
    const millrace = createMillrace(address);
    const workersWere = (count: number): Promise<void> =>
      expect.poll(() => countOf(dev.stdout(), 'ready at '), { timeout: 20_000 }).toBe(count);

    await millrace.run(['run', 'start', 'order', '--id', 'order-1', '--input', '"42"']);
    await expect
      .poll(async () => (await millrace.run(['run', 'history', 'order-1'])).stdout, { timeout: 20_000 })
      .toContain('SignalWaitStarted');
    await writeModule(path, 'pack.ts', packWith('new'));
    await workersWere(2);
    await dev.shows('drained');

    await writeModule(path, 'flows.ts', flowWith('bill'));
    await workersWere(3);
    await millrace.run(['run', 'signal', 'order-1', 'go']);
    await dev.shows(
      'run order-1 has diverged: order 1 does something else than the log of the run has\n' +
        '  - step charge #0\n  + step bill #0 (',
    );

    await writeModule(path, 'flows.ts', 'this is no code');
    await expect.poll(() => dev.stderr(), { timeout: 20_000 }).toContain('the code of before works on');
    expect(dev.stderr()).toMatch(/flows\.ts does not load: (.*\n)+.*SyntaxError/);

    await writeModule(path, 'flows.ts', flowWith('charge'));
    await workersWere(4);
    expect(await millrace.json(['run', 'wait', 'order-1', '--timeout', '20s'])).toMatchObject({
      lines: [{ run: { status: 'COMPLETED', output: { value: ['paid 42', 'new'] } } }],
    });
    expect((await millrace.run(['run', 'history', 'order-1'])).stdout.match(/charge: .*/g)).toEqual([
      'charge: "paid 42"',
    ]);
    dev.signal('SIGINT');
    expect(await dev.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/drained\n\nDraining\.\n$/) });
  },
);

test('Ctrl-C loses nothing: the next start goes on where the last one was', TIMEOUT, async () => {
  using folder = createTestFolder();
  const { path } = folder;
  const module = await writeModule(path, 'flows.ts', flowWith('charge'));
  await writeModule(path, 'pack.ts', packWith('box'));
  const outer = createMillrace('', { folder: path, env: FREE_PORTS });
  await using first = outer.start(['dev', module]);
  const before = createMillrace(await addressOf(first));
  await before.run(['run', 'start', 'order', '--id', 'order-1', '--input', '"42"']);
  await before.run(['run', 'signal', 'order-1', 'other']);
  first.signal('SIGINT');
  expect(await first.ended).toMatchObject({ code: 0 });

  await using second = outer.start(['dev', module]);
  const after = createMillrace(await addressOf(second));
  expect(await statusOf(after, 'order-1')).toBe('RUNNING');
  await after.run(['run', 'signal', 'order-1', 'go']);
  expect(await after.json(['run', 'wait', 'order-1', '--timeout', '20s'])).toMatchObject({
    lines: [{ run: { output: { value: ['paid 42', 'box'] } } }],
  });
});

test.each([
  ['a second Ctrl-C ends it', 'SIGINT', 130],
  ['it is killed', 'SIGKILL', null],
] as const)('no process is left behind when %s', TIMEOUT, async (_, signal, code) => {
  using folder = createTestFolder();
  const { path } = folder;
  const module = await writeModule(
    path,
    'flows.ts',
    `
    export const stuck = workflow('stuck', async (ctx) => ctx.step('stuck', async () => {
      console.log('begun');
      await new Promise((resolve) => setTimeout(resolve, 20_000));
    }));
    `,
  );
  await using dev = createMillrace('', { folder: path, env: FREE_PORTS }).start(['dev', module, '--grace', '2s']);
  const millrace = createMillrace(await addressOf(dev));
  await millrace.run(['run', 'start', 'stuck', '--id', 'stuck-1']);
  await dev.shows('begun');
  dev.signal(signal);
  if (signal === 'SIGINT') {
    await delay(700);
    dev.signal(signal);
  }
  // What it prints ends only when the last of its processes has ended.
  expect(await dev.ended).toMatchObject({ code });
});

test('it uses a state service that runs already, and says what ends a worker', TIMEOUT, async () => {
  using folder = createTestFolder();
  const { path } = folder;
  await using state = await startProgram('state', { folder: path });
  const address = state.grpc['state'] ?? '';
  const env = { ...FREE_PORTS, MILLRACE_STATE_GRPC_LISTEN: address };
  const millrace = createMillrace('', { folder: path, env });
  expect(await millrace.run(['dev'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `millrace: a state service already answers at ${address}, and there is no module to work on\n`,
  });
  const module = await writeModule(path, 'flows.ts', flowWith('charge'));
  await writeModule(path, 'pack.ts', packWith('box'));
  await using dev = millrace.start(['dev', module]);
  await dev.shows(`uses the state service at ${address}\n`);
  expect(await addressOf(dev)).toBe(address);
  dev.signal('SIGTERM');
  expect(await dev.ended).toMatchObject({ code: 0 });
  await rm(join(path, 'pack.ts'));
  const failed = await millrace.run(['dev', module]);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('flows.ts does not load') });
});

test('what it is asked has to fit', TIMEOUT, async () => {
  using folder = createTestFolder();
  const millrace = createMillrace('', { folder: folder.path, env: FREE_PORTS });
  expect(await millrace.run(['dev', '--watch'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--watch: wants a module to be watched'),
  });
});
