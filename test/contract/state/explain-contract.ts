import { setTimeout as sleep } from 'node:timers/promises';
import { durationFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Blocker } from '#gen/millrace/state/v1/blocker_pb.ts';
import { ControlKind } from '#gen/millrace/state/v1/control_pb.ts';
import { ConflictPolicy, type ExplainRunResponse } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { Owner } from '#libs/partition/ownership/ownership.ts';
import { soloCluster } from '#services/testing/solo-cluster.ts';
import { failureOf } from '#test/doors/failure.ts';
import { definitionCalls, functionOf } from './definition-calls.ts';
import { clientCalls } from './recording-calls.ts';
import { type RunCalls, runCalls } from './run-calls.ts';
import { DOORS, GRPC, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

const HOUR = durationFromMs(3_600_000);
/** What kind of blockers these are, in order. */
const kindsOf = ({ blockers }: ExplainRunResponse): (string | undefined)[] => blockers.map(({ kind }) => kind.case);
type BlockerKind = NonNullable<Blocker['kind']['case']>;
type ValueOf<K extends BlockerKind> = Extract<Blocker['kind'], { readonly case: K }>['value'];

/** The value of the first blocker of a kind, which must be there. */
function blockerOf<K extends BlockerKind>({ blockers }: ExplainRunResponse, kind: K): ValueOf<K> {
  const values: unknown[] = blockers.flatMap((blocker) => (blocker.kind.case === kind ? [blocker.kind.value] : []));
  expect(values).not.toEqual([]);
  return values[0] as ValueOf<K>;
}

/** What RunService.ExplainRun promises, on any store and through both doors. */
export function explainContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let owner: Owner = { kind: 'self' };
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      const store = stack.use(await home.openState());
      const cluster = { ...soloCluster(store.meta.partitions), ownerOf: () => owner };
      served = stack.use(await serveState(store, { cluster }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      interface ExplainCalls extends RunCalls {
        readonly explain: (runId?: string, incarnation?: string) => Promise<ExplainRunResponse>;
      }

      async function open(): Promise<ExplainCalls> {
        const calls = await runCalls(door, served);
        const { tenantId } = calls;
        const explain = (runId = 'r', incarnation = ''): Promise<ExplainRunResponse> =>
          calls.runs.explainRun({ tenantId, runId, incarnation }, ROOT);
        return { ...calls, explain };
      }

      test('a run that nobody is there for names what a worker must have', async () => {
        const { explain, start } = await open();
        await start('r', { queue: 'gpu', tags: ['eu', 'a100'] });
        const explained = await explain();
        expect(explained).toMatchObject({ run: { runId: 'r', status: RunStatus.PENDING }, blockersTruncated: false });
        expect(explained.blockers).toMatchObject([{ nodePath: '', kind: { case: 'noWorker' } }]);
        const { itemId, ...blocker } = blockerOf(explained, 'noWorker');
        expect(itemId).toBe(`${explained.run?.incarnation}.2`);
        expect(blocker).toMatchObject({
          queue: 'gpu',
          tags: ['a100', 'eu'],
          workflow: 'order',
          version: '1',
          nearWorkers: [],
          ahead: 0n,
        });
        expect(explained.blockers[0]?.sinceTime).toEqual(explained.run?.createTime);
        expect(explained.summary).toBe(
          'No worker is connected; start one that takes from queue "gpu" and announces "order@1" and has the tags "a100", "eu".',
        );
      });

      test('the workers that come closest are named with what each lacks, and what lacks least is told', async () => {
        const { explain, start, worker } = await open();
        await start('r', { queue: 'gpu', tags: ['eu', 'a100'] });
        const summaries: string[] = [];
        const join = async (workerId: string, more: Parameters<typeof worker>[1]): Promise<AsyncDisposable> => {
          const joined = await worker(workerId, more);
          summaries.push((await explain()).summary);
          return joined;
        };
        await using workers = new AsyncDisposableStack();
        workers.use(await join('w-1', {}));
        workers.use(await join('w-2', { queues: ['gpu'], definitions: ['order@2'], tags: ['eu', 'a100'] }));
        workers.use(await join('w-3', { queues: ['gpu'], tags: ['eu'] }));
        workers.use(await join('w-4', { queues: ['gpu'], tags: ['eu', 'a100'], slots: 0 }));
        expect(summaries).toEqual([
          'No connected worker takes from queue "gpu"; start one that announces "order@1" and has the tags "a100", "eu".',
          'No connected worker of queue "gpu" announces "order@1"; start one that does and has the tags "a100", "eu".',
          'No connected worker of queue "gpu" that announces "order@1" has the tags "a100", "eu": worker "w-3" comes closest and lacks the tag "a100".',
          'Every slot of the workers that may take the run is in use; wait for one, or add a worker.',
        ]);
        const near = blockerOf(await explain(), 'noWorker').nearWorkers;
        const nothing = { wrongQueue: false, wrongVersion: false, wrongTask: false, missingTags: [], draining: false };
        expect(near).toMatchObject([
          { ...nothing, workerId: 'w-4', noFreeSlot: true },
          { ...nothing, workerId: 'w-3', missingTags: ['a100'], noFreeSlot: false },
          { ...nothing, workerId: 'w-1', wrongQueue: true, missingTags: ['a100', 'eu'] },
          { ...nothing, workerId: 'w-2', wrongVersion: true },
        ]);
        for (let index = 5; index < 15; index += 1) workers.use(await worker(`w-${index}`, {}));
        expect(blockerOf(await explain(), 'noWorker').nearWorkers).toHaveLength(10);
      });

      test('a run behind others that wait for the same slots is told how many stand before it', async () => {
        const { tenantId, explain, start, worker, runs } = await open();
        await using busy = await worker('w-1', { slots: 1 });
        await start('held');
        await busy.assigned('held');
        let commitToken = '';
        for (let index = 0; index < 5; index += 1) {
          // Each in a millisecond of its own, so that their order is that of their ids.
          await sleep(2);
          ({ commitToken } = await start(`r-${index}`));
        }
        await start('urgent', { priority: 1 });
        await runs.listRuns({ tenantId, afterCommit: commitToken }, ROOT);
        const aheadOf = async (runId: string): Promise<bigint> => blockerOf(await explain(runId), 'noWorker').ahead;
        await vi.waitFor(async () => expect(await aheadOf('r-4')).toBe(5n));
        expect([await aheadOf('urgent'), await aheadOf('r-0'), await aheadOf('r-2')]).toEqual([0n, 1n, 3n]);
        expect((await explain('r-4')).summary).toBe(
          'Every slot of the workers that may take the run is in use, and 5 items stand before it; wait for one, or add a worker.',
        );
      });

      test('a lease names its worker, its attempt and when that was last heard, and whether it is gone', async () => {
        const { explain, start, worker } = await open();
        await start('r');
        const one = await worker('w-1');
        await one.assigned('r');
        one.send({ heartbeat: {} });
        await vi.waitFor(async () => {
          const { heartbeatTime } = blockerOf(await explain(), 'lease');
          expect(timestampMs(heartbeatTime as never)).toBeGreaterThan(Date.now() - 5_000);
        });
        const explained = await explain();
        expect(kindsOf(explained)).toEqual(['lease']);
        expect(blockerOf(explained, 'lease')).toMatchObject({
          attempt: 1,
          lease: { runId: 'r', workerId: 'w-1', sessionId: one.sessionId, noExpiry: false },
        });
        const moment = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
        expect(explained.summary).toMatch(
          new RegExp(`^Worker "w-1", last heard at ${moment}, has been at attempt 1 of the run since ${moment}\\.$`),
        );
        await one[Symbol.asyncDispose]();
        await vi.waitFor(async () => {
          expect((await explain()).summary).toMatch(
            new RegExp(
              `^Worker "w-1", last heard at ${moment}, has the run and is not connected; it loses it at ${moment} unless`,
            ),
          );
        });
      });

      test('timers, signals and children are told, with the worker that keeps the run, the most severe first', async () => {
        const { tenantId, explain, start, worker, put, runs } = await open();
        await put('child');
        await start('r');
        await using one = await worker('w-1');
        const { handle } = await one.assigned('r');
        one.send({
          park: [
            {
              handle,
              ordinal: 1,
              name: 'sleep',
              wait: { case: 'timer', value: { due: { case: 'delay', value: HOUR } } },
            },
            { handle, ordinal: 2, name: 'approve', wait: { case: 'signal', value: { name: 'paid', timeout: HOUR } } },
            { handle, ordinal: 3, name: 'ever', scope: 'a/b', wait: { case: 'signal', value: { name: 'ok' } } },
          ],
          startChild: [{ handle, ordinal: 4, name: 'ship', workflow: 'child', runId: 'the-child' }],
        });
        await vi.waitFor(() => runs.getRun({ tenantId, runId: 'the-child' }, ROOT));
        await vi.waitFor(async () => expect(blockerOf(await explain(), 'child').incarnation).not.toBe(''));
        const explained = await explain();
        expect(explained.blockers.map(({ nodePath, kind }) => [kind.case, nodePath])).toEqual([
          ['signal', 'approve'],
          ['signal', 'a/b/ever'],
          ['child', 'ship'],
          ['timer', 'sleep'],
          ['lease', ''],
        ]);
        expect(blockerOf(explained, 'signal').name).toBe('paid');
        expect(blockerOf(explained, 'child').runId).toBe('the-child');
        const dueMs = timestampMs(blockerOf(explained, 'timer').dueTime as never);
        expect(Math.abs(dueMs - Date.now() - 3_600_000)).toBeLessThan(30_000);
        expect(explained.summary).toMatch(/^"approve" waits for the signal "paid" until .*Z \(and 4 more reasons\)\.$/);
        // Without its slot nobody has it.
        one.send({ yieldSlot: [{ handle }] });
        await vi.waitFor(async () => expect(kindsOf(await explain())).toEqual(['signal', 'signal', 'child', 'timer']));
      });

      test('an attempt that follows is told with its time and why the last one failed', async () => {
        const { tenantId, explain, start, worker } = await open();
        const retry = { maxAttempts: 3, initialInterval: HOUR, jitter: 0 };
        const flaky = functionOf('flaky', '1', { settings: { retry } });
        await definitionCalls(door, served, tenantId).put(flaky, { activate: true });
        await start('r', { workflow: 'flaky' });
        await start('step');
        await using one = await worker('w-1', { definitions: ['flaky@1', 'order@1'], slots: 2 });
        const failure = { type: 'CardError', message: 'declined\nby the bank' };
        const step = await one.assigned('step');
        one.send({
          steps: [
            {
              handle: step.handle,
              ordinal: 1,
              name: 'charge',
              attempt: 1,
              record: { case: 'failed', value: { failure, retryDelay: HOUR } },
            },
          ],
        });
        one.send({ fail: [{ handle: (await one.assigned('r')).handle, failure }] });
        await vi.waitFor(async () => expect(kindsOf(await explain())).toEqual(['retry']));
        const explained = await explain();
        expect(blockerOf(explained, 'retry')).toMatchObject({ attempt: 2, failure: { type: 'CardError' } });
        expect(explained.summary).toMatch(
          /^Attempt 2 of the run is due at .*Z, after CardError: declined by the bank\.$/,
        );
        await vi.waitFor(async () => expect(kindsOf(await explain('step'))).toEqual(['retry', 'lease']));
        const ofStep = await explain('step');
        expect(ofStep.blockers[0]).toMatchObject({ nodePath: 'charge' });
        expect(blockerOf(ofStep, 'retry')).toMatchObject({ attempt: 2, failure });
        expect(ofStep.summary).toMatch(/^Attempt 2 of "charge" is due at .* \(and one more reason\)\.$/);
      });

      test('a pause names who paused and why, beside what the run waits for, and hides that nobody would take it', async () => {
        const { tenantId, explain, start, worker, runs } = await open();
        await start('r');
        await start('idle');
        await using one = await worker('w-1');
        const held = (await explain('r')).blockers[0]?.kind.case === 'lease' ? 'r' : 'idle';
        await one.assigned(held);
        for (const runId of ['r', 'idle']) {
          await runs.pauseRun({ tenantId, runId, requestedBy: 'ann', reason: 'audit' }, ROOT);
        }
        const other = held === 'r' ? 'idle' : 'r';
        expect(kindsOf(await explain(other))).toEqual(['paused']);
        const explained = await explain(held);
        expect(kindsOf(explained)).toEqual(['paused', 'lease']);
        expect(blockerOf(explained, 'paused')).toMatchObject({ requestedBy: 'ann', reason: 'audit' });
        expect((await explain(other)).summary).toMatch(
          /^The run has been paused by ann since .*Z \(audit\); resume it to let it go on\.$/,
        );
      });

      test('a divergence names both steps and the build', async () => {
        const { explain, start, worker } = await open();
        await start('r');
        await using one = await worker('w-1');
        const { handle } = await one.assigned('r');
        const divergence = { expectedStep: 'pay', foundStep: 'ship', sourceLocation: 'order.ts:9', build: 'b1' };
        one.send({ fail: [{ handle, failure: { type: 'Diverged' }, diverged: true, divergence }] });
        await vi.waitFor(async () => expect(kindsOf(await explain())).toEqual(['divergence']));
        const explained = await explain();
        expect(blockerOf(explained, 'divergence')).toMatchObject(divergence);
        expect(explained.summary).toBe(
          'Build "b1" of the code came to "ship" where the log has "pay"; it goes on once a worker announces another build.',
        );
      });

      test('a run that ended says how, an incarnation that was replaced too, and one that never was is not found', async () => {
        const { tenantId, explain, start, worker, runs } = await open();
        const { run } = await start('r');
        await start('r', { conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
        const replaced = await explain('r', run?.incarnation);
        expect(replaced.blockers).toMatchObject([{ kind: { case: 'ended', value: { status: RunStatus.TERMINATED } } }]);
        expect(kindsOf(await explain('r'))).toEqual(['noWorker']);
        await using one = await worker('w-1');
        const failure = { type: 'CardError', message: 'declined' };
        one.send({ fail: [{ handle: (await one.assigned('r')).handle, failure }] });
        await vi.waitFor(async () => expect(kindsOf(await explain('r'))).toEqual(['ended']));
        const failed = await explain('r');
        expect(blockerOf(failed, 'ended')).toMatchObject({ status: RunStatus.FAILED, failure });
        expect(failed.summary).toMatch(/^The run ended FAILED at .*Z with CardError: declined\.$/);
        await start('cancelled', { queue: 'nobody' });
        await runs.cancelRun({ tenantId, runId: 'cancelled', requestedBy: 'ann', reason: 'late' }, ROOT);
        expect((await explain('cancelled')).summary).toMatch(/^The run ended CANCELLED at .*Z by ann: late\.$/);
        expect(await failureOf(explain('none'))).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
      });

      test('a run that is being cancelled says that it cleans up, whatever else holds it', async () => {
        const { tenantId, explain, start, worker, runs } = await open();
        await start('r');
        await using one = await worker('w-1');
        await one.assigned('r');
        await runs.cancelRun({ tenantId, runId: 'r' }, ROOT);
        const explained = await explain();
        expect(explained.run?.cancelling).toBe(true);
        expect(explained.summary).toMatch(/^The run is being cancelled and cleans up: worker "w-1"/);
      });

      test('a CLIENT run names its runtime, and the controls that wait for it', async () => {
        const { tenantId, explain } = await open();
        const { controls, startClient, append } = await clientCalls(door, served, tenantId);
        await startClient('client');
        await append('client', 'one');
        expect(kindsOf(await explain('client'))).toEqual(['client']);
        expect((await explain('client')).summary).toBe('The runtime that drives the run is to act.');
        const pause = { kind: ControlKind.PAUSE, requestedBy: 'ann', reason: 'audit' };
        await controls.storeControl({ tenantId, runId: 'client', ...pause }, ROOT);
        const explained = await explain('client');
        expect(kindsOf(explained)).toEqual(['pendingControl', 'client']);
        expect(blockerOf(explained, 'pendingControl').control).toMatchObject({ requestedBy: 'ann', reason: 'audit' });
      });

      test('at most a hundred blockers are told, and that there are more', async () => {
        const { explain, start, worker } = await open();
        await start('r');
        await using one = await worker('w-1');
        const { handle } = await one.assigned('r');
        one.send({
          park: Array.from({ length: 120 }, (_, index) => ({
            handle,
            ordinal: index + 1,
            name: `wait-${index}`,
            wait: { case: 'signal', value: { name: `s-${index}` } } as const,
          })),
        });
        await vi.waitFor(async () => expect((await explain()).blockers).toHaveLength(100));
        const explained = await explain();
        expect(explained.blockersTruncated).toBe(true);
        expect(explained.summary).toMatch(/\(and 120 more reasons\)\.$/);
      });
    });

    describe('of what is not served, by gRPC', () => {
      test('[93] a run that is quarantined says so, with what was thrown', async () => {
        const { tenantId, start, runs, list } = await runCalls(GRPC, served);
        const { run, commitToken } = await start('r');
        await list({ afterCommit: commitToken });
        const quarantine = { tenantId, runId: 'r', incarnation: run?.incarnation ?? '' };
        const message = 'event 2 is not the next';
        served.node
          .partitionOf(quarantine)
          .record({ kind: 'runQuarantined', ...quarantine, message, time: Date.now() });
        const explained = await runs.explainRun({ tenantId, runId: 'r' }, ROOT);
        expect(explained.run).toMatchObject({ runId: 'r', quarantined: true, workflow: 'order' });
        expect(blockerOf(explained, 'quarantined').message).toBe(message);
        expect(explained.summary).toMatch(/^The run is quarantined \(event 2 is not the next\); /);
        expect((await list()).runs).toMatchObject([{ runId: 'r', quarantined: true }]);
      });

      test('a run whose partition has no owner, or is faulted, says so from what its rows have', async () => {
        const { tenantId, start, runs, list } = await runCalls(GRPC, served);
        const { commitToken } = await start('r');
        await list({ afterCommit: commitToken });
        const explain = (runId: string): Promise<ExplainRunResponse> => runs.explainRun({ tenantId, runId }, ROOT);
        const { partition } = served.node.partitionOf({ tenantId, runId: 'r' });
        try {
          owner = { kind: 'nobody' };
          const nobody = await explain('r');
          expect(nobody.run).toMatchObject({ runId: 'r', status: RunStatus.PENDING });
          expect(blockerOf(nobody, 'partition')).toMatchObject({ partition, faulted: false, owner: '' });
          expect(nobody.summary).toMatch(/has no owner at this moment/);
          owner = { kind: 'faulted' };
          const faulted = await explain('r');
          expect(blockerOf(faulted, 'partition')).toMatchObject({ partition, faulted: true, owner: 'test' });
          expect(faulted.summary).toMatch(/has records that cannot be read/);
          expect(await failureOf(explain('none'))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
        } finally {
          owner = { kind: 'self' };
        }
      });
    });
  });
}
