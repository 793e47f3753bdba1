import { describe, expect, test } from 'vitest';
import { RunAction } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { text, textOf } from '#libs/work-loop/testing/text.ts';
import { ROOT } from '#test/contract/state/serve-state.ts';
import { describeServed, type RunsContract } from './describe-served.ts';
import { countOf, createFunctionWorld, until } from './function-world.ts';

const { COMPLETED, FAILED, CANCELLED } = RunStatus;
const NO_JITTER = { jitter: 0, backoff: 'exponential', multiplier: 2 } as const;

/** What functions that real workers run see of the service. */
export const functionsContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe('by gRPC, through the work loop', () => {
      test('[31] a cancel reaches the step that runs, whose late result is refused, and clean-up goes on', async () => {
        await using world = await createFunctionWorld(served());
        let isAborted = false;
        let isBegun = false;
        await world.worker({
          order: async (run) => {
            try {
              return await run.step('slow', async ({ signal }) => {
                isBegun = true;
                await new Promise((resolve) => signal.addEventListener('abort', resolve));
                isAborted = true;
                return text('late');
              });
            } finally {
              await run.step('undo', () => text('undone'));
            }
          },
        });
        const run = world.session.start({ runId: 'r', workflow: 'order' }, { wait: true });
        await until(() => isBegun);
        const before = performance.now();
        await world.session.control({ runId: 'r', action: RunAction.CANCEL });
        await until(() => isAborted);
        expect(performance.now() - before).toBeLessThan(2_000);
        expect(await run.ended).toMatchObject({ status: CANCELLED });
        const steps = (await world.events(served(), 'r')).flatMap(({ kind }) =>
          kind.case === 'stepRecorded' ? [kind.value.step?.name] : [],
        );
        expect(steps).toEqual(['undo']);
      });

      test('[35] a run whose wait is its last step completes with what the signal carries', async () => {
        await using world = await createFunctionWorld(served());
        await world.worker({ order: async (run) => (await run.waitSignal('s'))?.payload });
        const run = world.session.start({ runId: 'r', workflow: 'order' }, { wait: true });
        await run.started;
        await world.session.signal({ runId: 'r', name: 's', payload: text('paid') });
        const { status, output } = await run.ended;
        expect(status).toBe(COMPLETED);
        expect(textOf(output)).toBe('paid');
      });

      test('[37] a wait that is over answers undefined, and the run goes on without the signal that comes later', async () => {
        await using world = await createFunctionWorld(served());
        await world.worker({
          order: async (run) => {
            const first = await run.waitSignal('s', { timeoutMs: 100 });
            await run.waitSignal('go');
            return text(first === undefined ? 'without' : 'with');
          },
        });
        const run = world.session.start({ runId: 'r', workflow: 'order' }, { wait: true });
        await run.started;
        for (;;) {
          if (countOf(await world.events(served(), 'r'), 'signalWaitTimedOut') > 0) break;
        }
        await world.session.signal({ runId: 'r', name: 's' });
        await world.session.signal({ runId: 'r', name: 'go' });
        expect(textOf((await run.ended).output)).toBe('without');
      });

      test('[43] a step that always fails is run four times, after 100, 200 and 400 ms, and fails the run with its error', async () => {
        await using world = await createFunctionWorld(served());
        const times: number[] = [];
        await world.worker({
          order: (run) =>
            run.step(
              'broken',
              () => {
                times.push(performance.now());
                throw new RangeError(`attempt ${times.length}`);
              },
              { retry: { ...NO_JITTER, maxAttempts: 4, initialIntervalMs: 100 } },
            ),
        });
        const { status, failure } = await world.session.start({ runId: 'r', workflow: 'order' }, { wait: true }).ended;
        expect(status).toBe(FAILED);
        expect(failure).toMatchObject({ type: 'RangeError', message: 'attempt 4' });
        expect(times).toHaveLength(4);
        for (const [at, waitMs] of [100, 200, 400].entries()) {
          expect((times[at + 1] ?? 0) - (times[at] ?? 0)).toBeGreaterThanOrEqual(waitMs - 5);
        }
      });

      test('[44] a step that is silent is timed out at its time and tried again, and late results do not count', async () => {
        await using world = await createFunctionWorld(served());
        let attempts = 0;
        await world.worker({
          order: (run) =>
            run.step(
              'slow',
              async () => {
                attempts += 1;
                await new Promise((resolve) => setTimeout(resolve, 1_000));
                return text('late');
              },
              { timeoutMs: 100, retry: { ...NO_JITTER, maxAttempts: 2, initialIntervalMs: 50 } },
            ),
        });
        const before = performance.now();
        const { status } = await world.session.start({ runId: 'r', workflow: 'order' }, { wait: true }).ended;
        const tookMs = performance.now() - before;
        expect(status).toBe(FAILED);
        expect(attempts).toBe(2);
        expect(tookMs).toBeGreaterThan(245);
        expect(tookMs).toBeLessThan(1_000);
        const kinds = (await world.events(served(), 'r')).map(({ kind }) => kind);
        const timedOut = kinds.filter((kind) => kind.case === 'stepFailed' && kind.value.timedOut);
        expect(timedOut.map(({ value }) => value)).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
        expect(kinds.map((kind) => kind.case)).not.toContain('stepRecorded');
      });

      test('[45] two workers share many runs, every step is committed once, and one that drains loses nothing', async () => {
        await using world = await createFunctionWorld(served());
        const ran = new Map<string, number>();
        const done = new Map<string, number>();
        const codeOf = (workerId: string) => async (run: Parameters<Parameters<typeof world.worker>[0][string]>[0]) => {
          for (const step of ['a', 'b', 'c']) {
            await run.step(step, async () => {
              const key = `${run.facts.runId} ${step}`;
              ran.set(key, (ran.get(key) ?? 0) + 1);
              await new Promise((resolve) => setTimeout(resolve, 2));
              return undefined;
            });
          }
          done.set(workerId, (done.get(workerId) ?? 0) + 1);
          return run.input;
        };
        const one = await world.worker({ order: codeOf('one') }, { slots: 4 });
        await world.worker({ order: codeOf('two') }, { slots: 4 });
        const runIds = Array.from({ length: 60 }, (_, at) => `r-${at}`);
        const runs = runIds.map((runId) => world.session.start({ runId, workflow: 'order' }, { wait: true }));
        await until(() => (done.get('one') ?? 0) >= 3);
        await one.drain();
        expect(one.taken).toBe(0);
        const doneByOne = done.get('one') ?? 0;
        for (const { ended } of runs) expect(await ended).toMatchObject({ status: COMPLETED });
        expect(done.get('one')).toBe(doneByOne);
        expect(done.get('two')).toBe(60 - doneByOne);
        expect([...ran.values()]).toEqual(Array.from({ length: 180 }, () => 1));
        for (const runId of runIds) {
          const events = await world.events(served(), runId);
          expect(countOf(events, 'stepRecorded')).toBe(3);
          expect(countOf(events, 'runEnded')).toBe(1);
        }
      });

      test('[52] a child is run once, whose end its parent sees once, and one that was started is found again', async () => {
        await using world = await createFunctionWorld(served());
        await world.calls.put('part');
        await world.worker({
          order: async (run) => {
            const output = await run.child('part', text('in'));
            const { runId } = await run.startChild('part', text('alone'));
            await run.waitChild(runId);
            return output;
          },
          part: async (run) => run.step('echo', () => run.input),
        });
        const run = world.session.start({ runId: 'r', workflow: 'order' }, { wait: true });
        expect(textOf((await run.ended).output)).toBe('in');
        const events = await world.events(served(), 'r');
        expect(countOf(events, 'childStarted')).toBe(2);
        const { tenantId, runs } = world.calls;
        expect((await runs.listRuns({ tenantId }, ROOT)).runs.length).toBeLessThanOrEqual(3);
      });
    });
  });
