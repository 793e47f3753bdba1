import { expect, test, vi } from 'vitest';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { RunFunction } from '../run/function-run.ts';
import { quickWorker, until } from '../testing/quick-worker.ts';
import type { TestDispatch } from '../testing/test-dispatch.ts';
import { recordsOf, type TestRun } from '../testing/test-run.ts';
import { type CutPoint, startTestServer } from '../testing/test-server.ts';
import { text, textOf } from '../testing/text.ts';

vi.setConfig({ testTimeout: 30_000 });

const SEEDS: readonly number[] = Array.from({ length: 20 }, (_, index) => index + 1);
const POINTS: readonly CutPoint[] = ['before', 'between', 'after'];
const RUNS = 8;
const STEPS = 4;

/** Steps one after the other and beside each other, begun ones, a value, sleeps, a signal and children. */
const everything: RunFunction = async (ctx) => {
  await ctx.step('a', () => undefined);
  await Promise.all([
    ctx.step('b', () => undefined),
    ctx.step('c', async () => undefined, { timeoutMs: 60_000 }),
    ctx.set('k', text('v')),
  ]);
  const signal = await ctx.waitSignal('go');
  const [x, y] = await Promise.all([
    ctx.child('leaf', undefined, { runId: 'x' }),
    ctx.child('leaf', undefined, { runId: 'y' }),
    ctx.sleep(2),
  ]);
  for (let index = 0; index < STEPS; index += 1) await ctx.step('d', () => undefined);
  return text([signal?.payload, x, y].map(textOf).join());
};

/** The same numbers for the same seed, from 0 up to 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Starts and ends a child of a run, if one is left to be. */
function followChildren(dispatch: TestDispatch, run: TestRun): void {
  const started = run.log.filter(({ kind }) => kind.case === 'childStarted').length;
  const ended = run.log.filter(({ kind }) => kind.case === 'childEnded').length;
  const scheduled = run.log.filter(({ kind }) => kind.case === 'childScheduled');
  const next = scheduled[started > ended ? ended : started];
  if (next?.kind.case !== 'childScheduled' || run.status !== 'open') return;
  const child = { scheduledSequence: next.sequence, runId: next.kind.value.runId, incarnation: 'i' };
  if (started === ended) dispatch.happen(run, { case: 'childStarted', value: child });
  else {
    const value = { ...child, status: RunStatus.COMPLETED, output: text(child.runId) };
    dispatch.happen(run, { case: 'childEnded', value });
  }
}

test.each(SEEDS)(
  '[91] streams that are cut again and again, while signals come that nobody waits for, hold up no run (seed %i)',
  async (seed) => {
    await using server = await startTestServer();
    const { dispatch } = server;
    const random = randomOf(seed);
    dispatch.maxChunk = seed % 2 === 0 ? 3 : 1_000;
    const runs = Array.from({ length: RUNS }, (_, index) => dispatch.start(`r${index}`));
    for (const run of runs) dispatch.signal(run, 'go', text(run.runId), 'go');
    let strays = 0;
    server.cutWhen = () => {
      if (random() > 0.25) return undefined;
      for (const run of runs) {
        if (random() < 0.5 || run.status !== 'open') continue;
        strays += 1;
        dispatch.signal(run, 'stray', undefined, `${strays}`);
      }
      return POINTS[Math.floor(random() * POINTS.length)];
    };
    const children = setInterval(() => {
      for (const run of runs) followChildren(dispatch, run);
    }, 1);
    try {
      await using worker = quickWorker(server, everything);
      await until(() => runs.every(({ status }) => status !== 'open'));
      await until(() => worker.taken === 0);
    } finally {
      clearInterval(children);
    }
    for (const run of runs) {
      expect(run.status).toBe('completed');
      expect(textOf(run.output)).toBe(`${run.runId},x,y`);
      // One that was begun has two records.
      const names = recordsOf(run).filter((name) => !name.endsWith('stepBegun'));
      expect(new Set(names).size).toBe(names.length);
    }
  },
);
