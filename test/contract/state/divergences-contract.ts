import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { ConflictPolicy } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { Assignment } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { RawWorker } from './raw-worker.ts';
import { type RunCalls, runCalls } from './run-calls.ts';
import { GRPC, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';
import { unaryCalls } from './unary-calls.ts';

/** What becomes of runs that diverged, on any store. */
export function divergencesContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    /** Fails an assignment as one whose code came to another step. */
    async function diverge(worker: RawWorker, { handle }: Assignment, build: string): Promise<void> {
      const divergence = { expectedStep: 'charge', foundStep: 'pay', sourceLocation: 'order.ts:7', build };
      const failure = { type: 'DivergedError', message: 'the code came to another step' };
      worker.send({ fail: [{ handle, stepCount: 0, failure, diverged: true, divergence }] });
      await worker.until(({ ack }) => (ack.some((one) => one.handle === handle && one.settled) ? true : undefined));
    }

    /** Starts runs and lets them diverge under a build. */
    async function divergeAll(calls: RunCalls, build: string, ...runIds: string[]): Promise<void> {
      await using worker = await calls.worker(`w-${build}`, { build, slots: runIds.length });
      for (const runId of runIds) {
        await calls.start(runId);
        await diverge(worker, await worker.assigned(runId), build);
      }
    }

    function divergedIn({ node }: ServedState): string[] {
      return node
        .served()
        .flatMap(({ state }) => [...state.diverged.values()].map(({ runId }) => runId))
        .toSorted();
    }

    async function kindsOf({ dispatch, tenantId }: RunCalls, runId: string): Promise<(string | undefined)[]> {
      const { events } = await dispatch.getHistory({ tenantId, runId, pageSize: 1_000 }, ROOT);
      return events.map(({ kind }) => kind.case);
    }

    async function untilCovered({ node }: ServedState): Promise<void> {
      for (const { partition, line } of node.served()) {
        await node.materialised(partition, line.durablePosition, AbortSignal.timeout(10_000));
      }
    }

    test('a run that diverged goes on once a worker says hello with another build, its attempt not counted', async () => {
      await using home = await createHome();
      await using store = await home.openState();
      await using served = await serveState(store);
      const calls = await runCalls(GRPC, served);
      await divergeAll(calls, 'b1', 'r');
      expect(divergedIn(served)).toEqual(['r']);
      await using same = await calls.worker('w-2', { build: 'b1' });
      await sleep(50);
      expect(same.received.flatMap(({ assign }) => assign)).toEqual([]);
      await same[Symbol.asyncDispose]();
      await using other = await calls.worker('w-3', { build: 'b2' });
      const assignment = await other.assigned('r');
      expect(assignment.attempt).toBe(1);
      expect(divergedIn(served)).toEqual([]);
      await other.complete(assignment, 0);
      expect(await kindsOf(calls, 'r')).toEqual([
        'runStarted',
        'taskScheduled',
        'taskLeased',
        'runDiverged',
        'taskScheduled',
        'taskLeased',
        'taskCompleted',
        'runEnded',
      ]);
    });

    test('a run that goes on by another build is given to no worker of the one that diverged, and says so', async () => {
      await using home = await createHome();
      await using store = await home.openState();
      await using served = await serveState(store);
      const calls = await runCalls(GRPC, served);
      await divergeAll(calls, 'b1', 'r');
      await using idle = await calls.worker('w-1', { build: 'b1' });
      const { node } = served;
      const [partition] = node.served().filter(({ state }) => state.diverged.size > 0);
      if (partition === undefined) throw new TypeError('nothing has diverged');
      // A worker of another build was there, and is gone again before it took anything.
      node.announceBuilds(calls.tenantId, new Map([['order@1', { build: 'b2' }]]));
      await sleep(50);
      expect(divergedIn(served)).toEqual([]);
      expect(idle.received.flatMap(({ assign }) => assign)).toEqual([]);
      const explained = await calls.runs.explainRun({ tenantId: calls.tenantId, runId: 'r' }, ROOT);
      expect(explained.summary).toContain('diverged under build "b1"');
      await using other = await calls.worker('w-3', { build: 'b2' });
      await other.complete(await other.assigned('r'), 0);
      expect(idle.received.flatMap(({ assign }) => assign)).toEqual([]);
    });

    test('a connected worker that announces another build lifts what diverged of that definition alone', async () => {
      await using home = await createHome();
      await using store = await home.openState();
      await using served = await serveState(store);
      const calls = await runCalls(GRPC, served);
      await calls.put('bill');
      await using worker = await calls.worker('w-1', { build: 'b1', definitions: ['order@1', 'bill@1'], slots: 2 });
      await calls.start('o');
      await calls.start('b', { workflow: 'bill' });
      for (const runId of ['o', 'b']) await diverge(worker, await worker.assigned(runId), 'b1');
      worker.send({ credits: { add: 2 }, announce: [{ workflow: 'bill', version: '1', build: 'b2' }] });
      await vi.waitFor(() => expect(worker.received.flatMap(({ assign }) => assign)).toHaveLength(3));
      expect(worker.received.flatMap(({ assign }) => assign).at(-1)?.runId).toBe('b');
      expect(divergedIn(served)).toEqual(['o']);
    });

    test('what diverged is known after a fail-over, from the journal and from the checkpoint', async () => {
      await using home = await createHome();
      let tenantId = '';
      {
        await using store = await home.openState();
        await using served = await serveState(store);
        const calls = await runCalls(GRPC, served);
        ({ tenantId } = calls);
        await divergeAll(calls, 'b1', 'r-1');
        await untilCovered(served);
        await divergeAll(calls, 'b1', 'r-2');
      }
      await using store = await home.openState();
      await using served = await serveState(store);
      const calls = await runCalls(GRPC, served, tenantId);
      expect(divergedIn(served)).toEqual(['r-1', 'r-2']);
      await using worker = await calls.worker('w-2', { build: 'b2', slots: 2 });
      for (const runId of ['r-1', 'r-2']) await worker.complete(await worker.assigned(runId), 0);
      expect(divergedIn(served)).toEqual([]);
    });

    test('a worker that announced another build while nobody served the run lifts it once somebody does', async () => {
      await using home = await createHome();
      await using store = await home.openState();
      await using served = await serveState(store);
      const calls = await runCalls(GRPC, served);
      await divergeAll(calls, 'b1', 'r');
      const partitions = served.node.served().map(({ partition }) => partition);
      for (const partition of partitions) served.node.drop(partition);
      await using worker = await calls.worker('w-2', { build: 'b2' });
      for (const partition of partitions) await served.node.takeOver(partition, 2, AbortSignal.timeout(10_000));
      await worker.complete(await worker.assigned('r'), 0);
    });

    test('nothing is kept of a run that diverged and was ended, replaced or deleted', async () => {
      await using home = await createHome();
      await using store = await home.openState();
      await using served = await serveState(store);
      const calls = await runCalls(GRPC, served);
      const { runs, tenantId } = calls;
      await divergeAll(calls, 'b1', 'ended', 'replaced', 'deleted');
      expect(divergedIn(served)).toEqual(['deleted', 'ended', 'replaced']);
      await runs.terminateRun({ tenantId, runId: 'ended' }, ROOT);
      expect(divergedIn(served)).toEqual(['deleted', 'replaced']);
      await calls.start('replaced', { conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
      expect(divergedIn(served)).toEqual(['deleted']);
      await runs.deleteRun({ tenantId, runId: 'deleted' }, ROOT);
      expect(divergedIn(served)).toEqual([]);
    });

    test('a poll that announces another build lifts what diverged, and one that says the same again does not', async () => {
      await using home = await createHome();
      await using store = await home.openState();
      await using served = await serveState(store);
      const calls = await runCalls(GRPC, served);
      const { poll } = await unaryCalls(GRPC, served, calls.tenantId);
      const pollWith = async (workerId: string, build: string): Promise<readonly string[]> => {
        const definitions = [{ workflow: 'order', version: '1', build }];
        const found = await poll({ workerId, definitions, wait: { nanos: 300_000_000 } });
        return found.map(({ runId }) => runId);
      };
      expect(await pollWith('w-1', 'b1')).toEqual([]);
      expect(await pollWith('w-2', 'b2')).toEqual([]);
      await divergeAll(calls, 'b1', 'r');
      expect(await pollWith('w-1', 'b1')).toEqual([]);
      expect(await pollWith('w-2', 'b2')).toEqual([]);
      expect(await pollWith('w-3', 'b2')).toEqual(['r']);
    });
  });
}
