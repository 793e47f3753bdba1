import { expect, test } from 'vitest';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { startTestServer } from '../testing/test-server.ts';
import type { RunFunction } from './function-run.ts';

function steps(...names: readonly string[]): RunFunction {
  return async (ctx) => {
    for (const name of names) await ctx.step(name, () => undefined);
    await ctx.waitSignal('go');
    return undefined;
  };
}

test('code that leaves out a step and goes on with what the log has further on has diverged, after a while', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  {
    await using _worker = quickWorker(server, steps('charge', 'ship', 'mail'));
    await until(() => run.waits.length === 1);
  }
  await using _worker = quickWorker(server, steps('charge', 'mail'), { limits: { divergenceMs: 10 } });
  await until(() => run.status === 'diverged');
  expect(run.log.at(-1)?.kind.value).toMatchObject({
    divergence: { expectedStep: 'step ship #0', foundStep: 'step mail #0' },
  });
});

test('branches of code may be at different places of the log for a while', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const code =
    (pauseMs: number): RunFunction =>
    async (ctx) => {
      await Promise.all([
        (async () => {
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
          await ctx.step('slow', () => undefined);
        })(),
        (async () => {
          await ctx.sleep(1);
          await ctx.step('quick', () => undefined);
        })(),
      ]);
      await ctx.waitSignal('go');
      return undefined;
    };
  {
    await using _worker = quickWorker(server, code(0));
    await until(() => run.waits.some(({ kind }) => kind === 'signal'));
  }
  await using _worker = quickWorker(server, code(60), { limits: { divergenceMs: 20 } });
  server.dispatch.signal(run, 'go');
  await untilEnded(run);
  expect(run.status).toBe('completed');
});
