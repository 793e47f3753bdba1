import { describe, expect, test } from 'vitest';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { recordsOf } from '../testing/test-run.ts';
import { startTestServer } from '../testing/test-server.ts';
import { text, textOf } from '../testing/text.ts';
import type { RunFunction } from './function-run.ts';

/** A wait for a signal loses against a step, so often; then the signal is awaited. */
function losing(times: number): RunFunction {
  return async (ctx) => {
    for (let turn = 0; turn < times; turn += 1) {
      const race = ctx.fork('race');
      const branch = race.branch(0);
      const lost = branch.run.waitSignal('go').catch(() => undefined);
      const slept = branch.run.sleep(60_000).catch(() => undefined);
      await ctx.step('s', async () => undefined);
      race.cancel([branch]);
      await Promise.all([lost, slept]);
      branch.end();
    }
    return (await ctx.waitSignal('go'))?.payload;
  };
}

describe('waits that were given up', () => {
  test('are given up at the server too, and leave nothing behind however often', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    await using _worker = quickWorker(server, losing(20));
    await until(() => recordsOf(run).filter((name) => name.startsWith('go')).length === 21);
    await until(() => run.waits.length === 1);
    server.dispatch.signal(run, 'go', text('late'));
    await untilEnded(run);
    expect(textOf(run.output)).toBe('late');
  });

  test('are given up by the worker that goes on when the one before could not', async () => {
    await using server = await startTestServer();
    const run = server.dispatch.start('r1');
    {
      await using _worker = quickWorker(server, losing(3));
      await until(() => recordsOf(run).filter((name) => name.startsWith('go')).length === 4);
    }
    // As if what the first one said had been lost.
    const withdrawn = run.log.filter(({ kind }) => kind.case === 'waitWithdrawn' || kind.case === 'timerWithdrawn');
    expect(withdrawn).toHaveLength(6);
    const begun = run.log.find(({ kind }) => kind.case === 'signalWaitStarted');
    const lost = withdrawn.find(({ kind }) => kind.case === 'waitWithdrawn');
    if (begun?.kind.case !== 'signalWaitStarted' || lost === undefined || begun.kind.value.step === undefined) {
      throw new RangeError('there is no wait');
    }
    lost.kind = run.log[1]?.kind ?? lost.kind;
    const { step } = begun.kind.value;
    run.waits.unshift({ kind: 'signal', step, startedSequence: Number(begun.sequence), name: 'go', timer: undefined });
    server.dispatch.offer(run);
    await using _worker = quickWorker(server, losing(3));
    await until(() => run.waits.length === 1);
    server.dispatch.signal(run, 'go', text('late'));
    await untilEnded(run);
    expect(textOf(run.output)).toBe('late');
  });
});
