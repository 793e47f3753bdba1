import { expect, test } from 'vitest';
import { quickWorker, until } from '#libs/work-loop/testing/quick-worker.ts';
import { startTestServer } from '#libs/work-loop/testing/test-server.ts';
import { signal } from './author/signal.ts';
import { type AnyWorkflow, workflow } from './author/workflow.ts';
import { workerFunctionOf } from './run/worker-function.ts';

const go = signal('go');
const large = { isLarge: () => false, settle: <P>(payload: P): P => payload, load: async () => undefined };

function codeOf(flow: AnyWorkflow) {
  return workerFunctionOf(flow, { large, writeLog: () => undefined, build: undefined }).code;
}

test('a divergence names the line of the code that came to something else', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  {
    const flow = workflow('flow', async (ctx) => {
      await ctx.step('charge', () => undefined);
      await ctx.waitFor(go);
    });
    await using _worker = quickWorker(server, codeOf(flow));
    await until(() => run.waits.length === 1);
  }
  const flow = workflow('flow', async (ctx) => {
    await ctx.step('reserve', () => undefined);
    await ctx.step('charge', () => undefined);
    await ctx.waitFor(go);
  });
  const divergences: string[] = [];
  await using _worker = quickWorker(server, codeOf(flow), {
    onDiverged: ({ foundStep, sourceLocation }) => divergences.push(`${foundStep} ${sourceLocation}`),
  });
  await until(() => run.status === 'diverged');
  const place = expect.stringMatching(/libs\/sdk\/divergence\.test\.ts:27:15$/);
  expect(run.log.at(-1)?.kind.value).toMatchObject({
    divergence: { expectedStep: 'step charge #0', foundStep: 'step reserve #0', sourceLocation: place },
  });
  expect(divergences).toEqual([expect.stringContaining('step reserve #0 ')]);
});
