import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Run, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import { ConflictPolicy, type WatchRunResponse } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { failureOfStream } from '#test/doors/failure.ts';
import { type HeldStore, holdJournal } from './held-journal.ts';
import { type RunCalls, runCalls } from './run-calls.ts';
import { DOORS, GRPC, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

const { PENDING, RUNNING, PAUSED, COMPLETED, CANCELLED, TERMINATED } = RunStatus;

/** The runs that a stream shows, until it ends. */
async function shownBy(stream: AsyncIterable<WatchRunResponse>): Promise<Run[]> {
  const shown: Run[] = [];
  for await (const { frame } of stream) if (frame.case === 'run') shown.push(frame.value);
  return shown;
}

/** What RunService.WatchRun promises, on any store and through both doors. */
export function runsWatchContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let held: HeldStore;
    let served: ServedState;
    let restless: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      held = holdJournal(stack.use(await home.openState()));
      served = stack.use(await serveState(held.store));
      const second = stack.use(await createHome());
      const limits = { streamMaxAgeMs: 250, streamPingMs: 40 };
      restless = stack.use(await serveState(stack.use(await second.openState()), {}, { limits }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (node: ServedState = served): Promise<RunCalls> => runCalls(door, node);

      test('a watch shows a run as it is, then every change, and ends after its end', async () => {
        const { tenantId, runs, start, worker, signals } = await open();
        await start('r');
        const stream = runs.watchRun({ tenantId, runId: 'r' }, ROOT)[Symbol.asyncIterator]();
        const next = async (): Promise<Run | undefined> => {
          const { value } = await stream.next();
          return value?.frame.case === 'run' ? value.frame.value : undefined;
        };
        expect(await next()).toMatchObject({ runId: 'r', status: PENDING, lastSequence: 2n, waits: [] });
        await signals.sendSignal({ tenantId, runId: 'r', name: 's' }, ROOT);
        expect(await next()).toMatchObject({ status: PENDING, lastSequence: 3n });
        await runs.pauseRun({ tenantId, runId: 'r' }, ROOT);
        expect(await next()).toMatchObject({ status: PAUSED });
        await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        expect(await next()).toMatchObject({ status: RUNNING });
        await using one = await worker('w-1');
        const assignment = await one.assigned('r');
        expect((await next())?.startTime).toBeDefined();
        await one.complete(assignment, 0, '{"x":1}');
        expect(await next()).toMatchObject({ status: COMPLETED });
        expect((await stream.next()).done).toBe(true);
        // Whoever comes after the end sees it, as much of it as the view has.
        const [ended, ...others] = await shownBy(runs.watchRun({ tenantId, runId: 'r', view: RunView.FULL }, ROOT));
        expect(ended?.output?.value).toEqual({ case: 'data', value: new Uint8Array(Buffer.from('{"x":1}')) });
        expect(others).toEqual([]);
      });

      test('changes that come faster than they are told are told as one, and the end is told at once', async () => {
        const { tenantId, runs, start, worker } = await open();
        await start('r');
        await using one = await worker('w-1');
        const assignment = await one.assigned('r');
        const watching = shownBy(runs.watchRun({ tenantId, runId: 'r' }, ROOT));
        await sleep(100);
        const { handle } = assignment;
        for (let ordinal = 1; ordinal <= 300; ordinal += 1) {
          const value = { value: { case: 'json', value: '1' } } as const;
          one.send({ steps: [{ handle, ordinal, name: 's', occurrence: ordinal, record: { case: 'result', value } }] });
        }
        await one.complete(assignment, 300);
        const { run } = await runs.getRun({ tenantId, runId: 'r' }, ROOT);
        const shown = await watching;
        expect(shown.at(-1)).toEqual(run);
        expect(shown.length).toBeLessThan(100);
        const numbers = shown.map(({ lastSequence }) => lastSequence);
        expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => Number(a - b)));
      });

      test('a view shows documents of the same moment as the rest', async () => {
        const { tenantId, runs, start, worker } = await open();
        await start('r', { input: { value: { case: 'json', value: '7' } } });
        await using one = await worker('w-1');
        const assignment = await one.assigned('r');
        const { handle } = assignment;
        const watching = shownBy(runs.watchRun({ tenantId, runId: 'r', view: RunView.FULL }, ROOT));
        for (let ordinal = 1; ordinal <= 40; ordinal += 1) {
          const value = { value: { case: 'json', value: String(ordinal) } } as const;
          one.send({ steps: [{ handle, ordinal, record: { case: 'set', value: { key: 'at', value } } }] });
          if (ordinal % 10 === 0) await sleep(60);
        }
        await one.complete(assignment, 40);
        const shown = await watching;
        expect(shown.length).toBeGreaterThan(3);
        for (const { state, stepRecords, input } of shown) {
          const text = state?.value.case === 'data' ? Buffer.from(state.value.value).toString() : '{}';
          expect(JSON.parse(text)).toEqual(stepRecords === 0n ? {} : { at: Number(stepRecords) });
          expect(input?.value).toEqual({ case: 'data', value: new Uint8Array(Buffer.from('7')) });
        }
      });

      test('a watch stays with the incarnation that it began with, which ends when it is replaced', async () => {
        const { tenantId, runs, start } = await open();
        const { run } = await start('r');
        const watching = shownBy(runs.watchRun({ tenantId, runId: 'r' }, ROOT));
        await sleep(50);
        await start('r', { conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
        const shown = await watching;
        expect(shown.map(({ status }) => status)).toEqual([PENDING, TERMINATED]);
        for (const { incarnation } of shown) expect(incarnation).toBe(run?.incarnation);
        const past = runs.watchRun({ tenantId, runId: 'r', incarnation: run?.incarnation ?? '' }, ROOT);
        expect((await shownBy(past)).map(({ status }) => status)).toEqual([TERMINATED]);
        expect(await failureOfStream(runs.watchRun({ tenantId, runId: 'none' }, ROOT))).toMatchObject({
          code: 'NOT_FOUND',
          reason: 'RUN_NOT_FOUND',
        });
      });

      test('a watch is pinged and told to go away, and a new one shows the run as it is then', async () => {
        const { tenantId, runs, start } = await open(restless);
        await start('r');
        const cases: (string | undefined)[] = [];
        for await (const { frame } of runs.watchRun({ tenantId, runId: 'r' }, ROOT)) cases.push(frame.case);
        expect([cases[0], cases[1], cases.at(-1)]).toEqual(['run', 'ping', 'goAway']);
        await runs.cancelRun({ tenantId, runId: 'r' }, ROOT);
        const shown = await shownBy(runs.watchRun({ tenantId, runId: 'r' }, ROOT));
        expect(shown.map(({ status }) => status)).toEqual([CANCELLED]);
      });

      test('what is decided and not durable is not shown', async () => {
        const { tenantId, runs, start } = await open();
        await start('r');
        const stream = runs.watchRun({ tenantId, runId: 'r' }, ROOT)[Symbol.asyncIterator]();
        await stream.next();
        held.hold();
        let isPaused = false;
        const pausing = runs.pauseRun({ tenantId, runId: 'r' }, ROOT).then(() => (isPaused = true));
        await sleep(50);
        const shown: unknown[] = [];
        const reads = [
          stream.next().then((frame) => shown.push(frame)),
          runs.explainRun({ tenantId, runId: 'r' }, ROOT).then((explained) => shown.push(explained)),
        ];
        await sleep(250);
        expect([isPaused, shown]).toEqual([false, []]);
        held.release();
        await Promise.all([pausing, ...reads]);
        expect(shown).toHaveLength(2);
        await stream.return?.();
      });
    });

    test('a partition that is not served any more sends its watches away, to ask its next owner', async () => {
      const home = stack.use(await createHome());
      await using lost = await serveState(stack.use(await home.openState()));
      const { tenantId, runs, events, start } = await runCalls(GRPC, lost);
      await start('r');
      const key = { tenantId, runId: 'r' };
      const run = runs.watchRun(key, ROOT)[Symbol.asyncIterator]();
      const log = events.watchEvents(key, ROOT)[Symbol.asyncIterator]();
      await Promise.all([run.next(), log.next()]);
      const { partition } = lost.node.partitionOf(key);
      lost.node.drop(partition);
      expect((await run.next()).value?.frame.case).toBe('goAway');
      expect((await run.next()).done).toBe(true);
      expect((await log.next()).value?.goAway).toBeDefined();
      expect((await log.next()).done).toBe(true);
      expect(await failureOfStream(runs.watchRun(key, ROOT))).toMatchObject({
        code: 'UNAVAILABLE',
      });
      await lost.node.takeOver(partition, 2, AbortSignal.timeout(10_000));
      const again = runs.watchRun(key, ROOT)[Symbol.asyncIterator]();
      expect((await again.next()).value?.frame).toMatchObject({ case: 'run', value: { status: PENDING } });
      await again.return?.();
    });
  });
}
