import { describe, expect, test } from 'vitest';
import { quickWorker, until, untilEnded } from '#libs/work-loop/testing/quick-worker.ts';
import { recordsOf, type TestRun } from '#libs/work-loop/testing/test-run.ts';
import { startTestServer, type TestServer } from '#libs/work-loop/testing/test-server.ts';
import { signal } from '../author/signal.ts';
import { workflow } from '../author/workflow.ts';
import type { WorkflowContext } from '../author/workflow-context.ts';
import { CancelledError } from '../millrace.ts';
import { valueOf } from '../values/value-codec.ts';
import { workerFunctionOf } from './worker-function.ts';

const go = signal<string>('go');

/** A worker of a workflow without an input. */
function workerOf(server: TestServer, code: (ctx: WorkflowContext) => Promise<unknown>): AsyncDisposable {
  const large = { isLarge: () => false, settle: (payload: never) => payload, load: async () => undefined };
  const flow = workflow('flow', async (ctx) => code(ctx));
  const { code: run } = workerFunctionOf(flow, { large, writeLog: () => undefined, build: '' });
  return quickWorker(server, run);
}

function outputOf(run: TestRun): unknown {
  return valueOf(run.output, 'output');
}

describe('branches', () => {
  test('name their steps in scopes of their own, also within each other', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    await using _worker = workerOf(server, async (ctx) =>
      ctx.all(['a', 'b'], async (c, item) => {
        const inner = await c.all([1, 2], (cc, number) => cc.step('s', () => `${item}${number}`));
        return [await c.step('s', () => item), ...inner];
      }),
    );
    await untilEnded(run);
    expect(outputOf(run)).toEqual([
      ['a', 'a1', 'a2'],
      ['b', 'b1', 'b2'],
    ]);
    const scopes = run.log.flatMap(({ kind }) => (kind.case === 'stepRecorded' ? [kind.value.step?.scope] : []));
    expect(scopes.map(String).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'all.0.0',
      'all.0.0/all.0.0',
      'all.0.0/all.0.1',
      'all.0.1',
      'all.0.1/all.0.0',
      'all.0.1/all.0.1',
    ]);
  });

  test('are begun so many at a time, and give results in the order of the items', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    let running = 0;
    let most = 0;
    await using _worker = workerOf(server, async (ctx) =>
      ctx.all(
        Array.from({ length: 20 }, (_, index) => index),
        (c, item) =>
          c.step('s', async () => {
            running += 1;
            most = Math.max(most, running);
            await new Promise((resolve) => setTimeout(resolve, item % 3));
            running -= 1;
            return item;
          }),
        { concurrency: 3 },
      ),
    );
    await untilEnded(run);
    expect(outputOf(run)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(most).toBe(3);
  });

  test('are cancelled when one fails, which is told once all have ended', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    const seen: unknown[] = [];
    await using _worker = workerOf(server, async (ctx) => {
      try {
        await ctx.all(['bad', 'good', 'never'], async (c, item) => {
          if (item === 'bad') {
            return c.step('bad', () => Promise.reject(new RangeError('no')), { retry: { maxAttempts: 1 } });
          }
          try {
            return await c.waitFor(go);
          } catch (error) {
            seen.push(error);
            await c.step('clean-up', () => item);
            throw error;
          }
        });
      } catch (error) {
        seen.push(error);
      }
      return 'went on';
    });
    await untilEnded(run);
    expect(outputOf(run)).toBe('went on');
    expect(seen).toEqual([
      expect.any(CancelledError),
      expect.any(CancelledError),
      expect.objectContaining({ type: 'RangeError' }),
    ]);
    expect(recordsOf(run).filter((name) => name.startsWith('clean-up'))).toHaveLength(2);
  });

  test('do their clean-up to its end, also when the one beside them was quicker with its own', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    const outer = server.dispatch.start('r2');
    const ended: string[] = [];
    const branches = async (ctx: WorkflowContext): Promise<unknown> =>
      ctx.all([1, 20, 10], async (c, ms) => {
        try {
          await c.waitFor(go);
        } finally {
          await c.step('clean-up', () => new Promise((resolve) => setTimeout(resolve, ms)));
          ended.push(`${ctx.run.runId} ${ms}`);
        }
      });
    await using _worker = workerOf(server, (ctx) =>
      ctx.run.runId === 'r1'
        ? branches(ctx)
        : ctx.race([(c) => branches(c), (c) => c.sleep(5)]).catch((error: Error) => error.name),
    );
    await until(() => run.waits.length === 3);
    server.dispatch.cancel(run);
    await untilEnded(run, outer);
    expect(ended.toSorted((a, b) => a.localeCompare(b))).toEqual(['r1 1', 'r1 10', 'r1 20', 'r2 1', 'r2 10', 'r2 20']);
    expect([run.status, outer.status]).toEqual(['cancelled', 'completed']);
  });

  test('race: the first to end counts, the others are cancelled', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    await using _worker = workerOf(server, async (ctx) => {
      const first = await ctx.race([(c) => c.sleep(60_000), (c) => c.step('quick', () => 'quick')]);
      const failed = await ctx
        .race([
          (c) => c.waitFor(go),
          (c) => c.step('s', () => Promise.reject(new Error('x')), { retry: { maxAttempts: 1 } }),
        ])
        .catch((error: Error) => error.name);
      return [first, failed];
    });
    await untilEnded(run);
    expect(outputOf(run)).toEqual(['quick', 'StepError']);
  });

  test('any: the first to succeed counts, and all failures are told when none does', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    const fails = (c: WorkflowContext): Promise<never> =>
      c.step('bad', () => Promise.reject(new Error('x')), { retry: { maxAttempts: 1 } });
    await using _worker = workerOf(server, async (ctx) => {
      const good = await ctx.any([fails, (c) => c.step('good', () => 'good')]);
      const errors = await ctx.any([fails, fails]).catch((error: AggregateError) => error.errors.length);
      return [good, errors, await ctx.all([], () => Promise.resolve(1))];
    });
    await untilEnded(run);
    expect(outputOf(run)).toEqual(['good', 2, []]);
  });

  test('a signal that comes for a wait that was given up goes to the next one', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    await using _worker = workerOf(server, async (ctx) => {
      await ctx.race([(c) => c.waitFor(go), (c) => c.sleep(1)]);
      await ctx.step('between', () => undefined);
      return [await ctx.waitFor(go), await ctx.waitFor(go)];
    });
    await until(() => recordsOf(run).length >= 4);
    // The server keeps only the wait that is of use.
    await until(() => run.waits.length === 1);
    for (const text of ['"one"', '"two"']) {
      server.dispatch.signal(run, 'go', {
        $typeName: 'millrace.common.v1.Payload',
        contentType: '',
        encodings: [],
        value: { case: 'json', value: text },
      });
    }
    await untilEnded(run);
    expect(outputOf(run)).toEqual(['one', 'two']);
  });

  test('are refused when they go too deep, and when there are too many at a time', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    const deep = (ctx: WorkflowContext): Promise<unknown> => ctx.all([1], (c) => deep(c));
    await using _worker = workerOf(server, async (ctx) => {
      const tooDeep = await deep(ctx).catch((error: Error) => error.message);
      const tooMany = await ctx.all([1], async () => 1, { concurrency: 0 }).catch((error: Error) => error.message);
      return [tooDeep, tooMany];
    });
    await untilEnded(run);
    expect(outputOf(run)).toEqual([expect.stringContaining('at most 1024 bytes'), 'concurrency must be 1 to 10000']);
  });
});
