import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { failureOf } from '#test/doors/failure.ts';
import { atFork, atTask, type ClientCalls, clientCalls, opaque, textOf } from './client-calls.ts';
import { runCalls } from './run-calls.ts';
import { DOORS, newTenant, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

const NO_INCARNATION = '01980000-0000-7000-8000-00000000dead';

/** What SnapshotService promises, on any store and through both doors. */
export function snapshotsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      served = stack.use(await serveState(stack.use(await home.openState())));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    test('[2, 61] the versions that are kept are there after a restart, and after one more', async () => {
      await using home = await createHome();
      const [door = DOORS[0]] = DOORS;
      if (door === undefined) throw new TypeError('there is no door');
      const tenantId = newTenant();
      const textAt = (version: number): string => `${version} `.repeat(version % 2 === 0 ? 10 : 1_000);
      const session = async (act: (calls: ClientCalls) => Promise<void>): Promise<void> => {
        await using store = await home.openState();
        await using again = await serveState(store);
        await act(await clientCalls(door, again, tenantId));
      };
      const expectKept = async ({ load }: ClientCalls, versions: readonly number[]): Promise<void> => {
        for (const version of versions) {
          expect(textOf((await load('r', BigInt(version)))?.content.value as never)).toBe(textAt(version));
        }
        const before = BigInt((versions[0] ?? 0) - 1);
        expect(await failureOf(load('r', before))).toMatchObject({ reason: 'SNAPSHOT_NOT_FOUND' });
      };
      const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
      await session(async (calls) => {
        for (const version of range(1, 12)) await calls.save('r', { payload: opaque(textAt(version)) });
        await calls.snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 'a', output: opaque('1') }, ROOT);
        await expectKept(calls, range(3, 12));
      });
      await session(async (calls) => {
        await expectKept(calls, range(3, 12));
        const { commitToken } = await calls.save('r', { payload: opaque(textAt(13)), position: atTask('t') });
        await calls.snapshots.listSnapshots({ tenantId, afterCommit: commitToken }, ROOT);
        await expectKept(calls, range(4, 13));
      });
      await session(async (calls) => {
        await expectKept(calls, range(4, 13));
        expect(textOf((await calls.load('r'))?.taskResults['a'])).toBe('1');
        expect((await calls.find()).map(({ taskId }) => taskId)).toEqual(['t']);
      });
    });

    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<ClientCalls> => clientCalls(door, served);

      test('[1] where nothing was saved there is nothing to load or delete', async () => {
        const { tenantId, load, snapshots } = await open();
        expect(await failureOf(load('r'))).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
        const deletion = snapshots.deleteSnapshot({ tenantId, runId: 'r' }, ROOT);
        expect(await failureOf(deletion)).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
      });

      test('[2] a save creates a missing run, the second is the head, and the last ten versions are kept', async () => {
        const { save, load, runs, tenantId } = await open();
        const more = { workflow: 'w', version: '7', definitionHash: 'h', priority: 2, tags: ['b', 'a'] };
        const first = await save('r', { ...more, payload: opaque('one'), position: atTask('t') });
        expect(first).toMatchObject({ version: 1n, created: true });
        const second = await save('r', { payload: opaque('two'), status: RunStatus.RUNNING });
        expect(second).toMatchObject({ version: 2n, created: false, incarnation: first.incarnation });
        const head = await load('r');
        expect(head).toMatchObject({ version: 2n, driver: Driver.CLIENT, status: RunStatus.RUNNING, priority: 2 });
        expect(head).toMatchObject({ workflow: 'w', workflowVersion: '7', definitionHash: 'h' });
        expect(head?.position).toBeUndefined();
        const older = await load('r', 1n);
        expect(older).toMatchObject({ version: 1n, tags: ['a', 'b'], position: { at: { value: { taskId: 't' } } } });
        expect([older, head].map((one) => textOf(one?.content.value as never))).toEqual(['one', 'two']);
        for (let version = 3; version <= 12; version += 1) await save('r', { payload: opaque(`v${version}`) });
        expect(await failureOf(load('r', 2n))).toMatchObject({ reason: 'SNAPSHOT_NOT_FOUND' });
        expect(textOf((await load('r', 3n))?.content.value as never)).toBe('v3');
        const { run } = await runs.getRun({ tenantId, runId: 'r' }, ROOT);
        expect(run).toMatchObject({ snapshotVersion: 12n, lastSequence: 0n, driver: Driver.CLIENT });
      });

      test('[2] a save that names an incarnation creates nothing', async () => {
        const { save, start, runs, tenantId } = await open();
        expect(await failureOf(save('r', { incarnation: NO_INCARNATION }))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
        await start('r');
        expect(await failureOf(save('r', { incarnation: NO_INCARNATION }))).toMatchObject({ reason: 'LEASE_LOST' });
        for (const refused of [
          { expectedVersion: 1n },
          { fence: 5n },
          { atSequence: 1n },
          { status: RunStatus.PAUSED },
        ]) {
          await failureOf(save('s', refused));
        }
        expect(await failureOf(runs.getRun({ tenantId, runId: 's' }, ROOT))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
      });

      test('[3] a late save changes nothing of a run that has ended', async () => {
        const { save, load } = await open();
        await save('r', { payload: opaque('going') });
        await save('r', { payload: opaque('over'), status: RunStatus.COMPLETED, output: opaque('42') });
        expect(await failureOf(save('r', { payload: opaque('late') }))).toMatchObject({
          code: 'FAILED_PRECONDITION',
          reason: 'RUN_TERMINAL',
          metadata: { state: 'COMPLETED' },
        });
        const head = await load('r');
        expect(head).toMatchObject({ version: 2n, status: RunStatus.COMPLETED });
        expect([textOf(head?.content.value as never), textOf(head?.output)]).toEqual(['over', '42']);
      });

      test('[4] a delete takes everything of the run with it', async () => {
        const { save, load, start, snapshots, claims, events, held, tenantId } = await open();
        await start('r', { firstTask: { taskId: 'a' } });
        await held('r');
        await snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 'b', output: opaque('1') }, ROOT);
        await save('r', { expectedVersion: 0n });
        const gone = await snapshots.deleteSnapshot({ tenantId, runId: 'r' }, ROOT);
        expect(gone.deletedIncarnations).toBe(1n);
        expect(await failureOf(load('r'))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
        expect(await failureOf(events.listEvents({ tenantId, runId: 'r' }, ROOT))).toMatchObject({
          reason: 'RUN_NOT_FOUND',
        });
        const release = claims.releaseTaskClaim({ tenantId, runId: 'r', taskId: 'a', workerId: 'w' }, ROOT);
        expect(await failureOf(release)).toMatchObject({ reason: 'RUN_NOT_FOUND' });
        const result = await snapshots.loadTaskResult({ tenantId, runId: 'r', taskId: 'b' }, ROOT);
        expect(result.output).toBeUndefined();
      });

      test('[5] results that are saved at the same time all survive, and touch nothing else', async () => {
        const { save, load, snapshots, tenantId } = await open();
        await save('r', { position: atFork('a', 'b', 'c') });
        await Promise.all(
          ['a', 'b', 'c'].map((taskId) =>
            snapshots.saveTaskResult({ tenantId, runId: 'r', taskId, output: opaque(taskId) }, ROOT),
          ),
        );
        const again = { tenantId, runId: 'r', taskId: 'b', output: opaque('second') };
        expect(await snapshots.saveTaskResult(again, ROOT)).toMatchObject({ overwritten: true });
        const head = await load('r');
        expect(head?.version).toBe(1n);
        const results = Object.entries(head?.taskResults ?? {}).map(([task, output]) => [task, textOf(output)]);
        expect(Object.fromEntries(results)).toEqual({ a: 'a', b: 'second', c: 'c' });
        const other = { tenantId, runId: 'none', taskId: 'a' };
        expect(await failureOf(snapshots.saveTaskResult(other, ROOT))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
      });

      test.each([
        ['completed', RunStatus.COMPLETED],
        ['failed', RunStatus.FAILED],
        ['cancelled', RunStatus.CANCELLED],
      ])('[6] a result stays readable after the run %s, and what is not there is absent', async (_how, status) => {
        const { save, snapshots, tenantId } = await open();
        await save('r');
        const load = async (runId: string, taskId: string): Promise<string | undefined> => {
          const { output } = await snapshots.loadTaskResult({ tenantId, runId, taskId }, ROOT);
          return output === undefined ? undefined : textOf(output);
        };
        await snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 'a', output: opaque('1') }, ROOT);
        expect([await load('r', 'a'), await load('r', 'b'), await load('s', 'a')]).toEqual(['1', undefined, undefined]);
        await save('r', { status });
        expect(await load('r', 'a')).toBe('1');
        const late = snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 'b' }, ROOT);
        expect(await failureOf(late)).toMatchObject({ reason: 'RUN_TERMINAL' });
      });

      test('[6] a result that is null is a result', async () => {
        const { save, snapshots, tenantId } = await open();
        await save('r');
        await snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 'a' }, ROOT);
        const { output } = await snapshots.loadTaskResult({ tenantId, runId: 'r', taskId: 'a' }, ROOT);
        expect(output).toBeDefined();
      });

      test('[7] the ids of runs with a snapshot are listed by pages, newest first, whatever starts meanwhile', async () => {
        const { save, start, snapshots, tenantId } = await open();
        const tokens: string[] = [];
        for (const runId of ['a', 'b', 'c', 'd']) tokens.push((await save(runId)).commitToken);
        await start('without');
        const list = (more: object = {}): ReturnType<typeof snapshots.listSnapshots> =>
          snapshots.listSnapshots({ tenantId, ...more }, ROOT);
        for (const afterCommit of tokens) await list({ afterCommit });
        const all = await list();
        expect(new Set(all.runIds)).toEqual(new Set(['a', 'b', 'c', 'd']));
        const first = await list({ pageSize: 3 });
        expect(first.runIds).toEqual(all.runIds.slice(0, 3));
        await save('e');
        const second = await list({ pageSize: 3, pageToken: first.nextPageToken });
        expect([second.runIds, second.nextPageToken]).toEqual([all.runIds.slice(3), '']);
        expect(await failureOf(list({ pageSize: -1 }))).toMatchObject({ reason: 'INVALID_FIELDS' });
        expect(await failureOf(list({ pageToken: 'nonsense' }))).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
        const filtered = list({ pageToken: first.nextPageToken, filter: { workflow: 'w' } });
        expect(await failureOf(filtered)).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
      });

      test('[9] a SERVER run refuses a save, and its fold can be loaded', async () => {
        const calls = await runCalls(door, served);
        const { tenantId } = calls;
        await calls.start('r');
        const { save, load, snapshots } = await clientCalls(door, served, tenantId);
        expect(await failureOf(save('r'))).toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'WRONG_DRIVER' });
        const result = snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 'a' }, ROOT);
        expect(await failureOf(result)).toMatchObject({ reason: 'WRONG_DRIVER' });
        const deletion = snapshots.deleteSnapshot({ tenantId, runId: 'r' }, ROOT);
        expect(await failureOf(deletion)).toMatchObject({ reason: 'WRONG_DRIVER' });
        const snapshot = await load('r');
        expect(snapshot).toMatchObject({ driver: Driver.SERVER, status: RunStatus.PENDING, version: 2n });
        expect(snapshot?.content).toMatchObject({ case: 'fold', value: { nodes: [{ attempt: 1 }], stepRecords: 0n } });
        expect(await failureOf(load('r', 1n))).toMatchObject({ reason: 'SNAPSHOT_NOT_FOUND' });
      });

      test('[14] under a lease a save shows its fence or the version that it knows', async () => {
        const { save, start, held, claims, tenantId } = await open();
        await start('r', { firstTask: { taskId: 'a' } });
        const { fence } = await held('r');
        expect(await failureOf(save('r'))).toMatchObject({ code: 'ABORTED', reason: 'LEASE_LOST' });
        expect(await failureOf(save('r', { fence: fence + 1n }))).toMatchObject({ reason: 'LEASE_LOST' });
        expect(await failureOf(save('r', { fence, taskId: 'b' }))).toMatchObject({ reason: 'LEASE_LOST' });
        expect(await failureOf(save('r', { expectedVersion: 1n }))).toMatchObject({
          code: 'ABORTED',
          reason: 'VERSION_CONFLICT',
          metadata: { expected: '1', actual: '0' },
        });
        expect(await save('r', { fence, position: atTask('a') })).toMatchObject({ version: 1n });
        expect(await save('r', { expectedVersion: 1n, position: atTask('a') })).toMatchObject({ version: 2n });
        await claims.releaseTaskClaim({ tenantId, runId: 'r', taskId: 'a', workerId: 'w' }, ROOT);
        expect(await save('r')).toMatchObject({ version: 3n });
        expect(await failureOf(save('r', { fence }))).toMatchObject({ reason: 'LEASE_LOST' });
      });

      test('a save with the result of its task is one commit: the claim ends, the next task is there', async () => {
        const { save, start, held, find, snapshots, tenantId } = await open();
        await start('r', { firstTask: { taskId: 'a' } });
        const { fence } = await held('r');
        const more = { taskId: 'a', taskOutput: opaque('7'), position: atTask('b') };
        const lone = { reason: 'INVALID_FIELDS', violations: [{ field: 'task_output' }] };
        expect(await failureOf(save('r', more))).toMatchObject(lone);
        expect(await failureOf(save('r', { ...more, fence, taskId: '' }))).toMatchObject(lone);
        expect(await save('r', { ...more, fence, requestId: 'q' })).toMatchObject({ version: 1n });
        expect(await save('r', { ...more, fence, requestId: 'q' })).toMatchObject({ version: 1n });
        expect(await failureOf(save('r', { ...more, fence }))).toMatchObject({ reason: 'LEASE_LOST' });
        const { output } = await snapshots.loadTaskResult({ tenantId, runId: 'r', taskId: 'a' }, ROOT);
        expect(textOf(output)).toBe('7');
        expect((await find()).map(({ taskId, attempt, hasResult }) => [taskId, attempt, hasResult])).toEqual([
          ['b', 1, false],
        ]);
      });

      test('[29] who resumes a run is told where it stands', async () => {
        const { save, runs, find, snapshots, tenantId } = await open();
        await save('r', { payload: opaque('one'), position: atTask('t1') });
        await snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 't1', output: opaque('1') }, ROOT);
        await save('r', { payload: opaque('two'), position: atTask('t2'), status: RunStatus.PAUSED });
        expect(await find()).toEqual([]);
        const { run, snapshot } = await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        expect(run?.status).toBe(RunStatus.RUNNING);
        expect(snapshot).toMatchObject({ version: 2n, position: { at: { value: { taskId: 't2' } } } });
        expect([textOf(snapshot?.content.value as never), textOf(snapshot?.taskResults['t1'])]).toEqual(['two', '1']);
        expect((await find()).map(({ taskId }) => taskId)).toEqual(['t2']);
      });

      test('[40] a save for another definition is refused', async () => {
        const { save } = await open();
        await save('r', { definitionHash: 'h' });
        expect(await failureOf(save('r', { definitionHash: 'other' }))).toMatchObject({
          reason: 'DEFINITION_MISMATCH',
          metadata: { expected: 'other', found: 'h' },
        });
      });

      test('[41] a save, and a result, that is sent again is saved once', async () => {
        const { save, load, snapshots, tenantId } = await open();
        const first = await save('r', { requestId: 'q' });
        expect(await save('r', { requestId: 'q' })).toEqual(first);
        expect(await failureOf(save('r', { requestId: 'q', payload: opaque('other') }))).toMatchObject({
          reason: 'REQUEST_ID_REUSED',
        });
        expect((await load('r'))?.version).toBe(1n);
        const result = { tenantId, runId: 'r', taskId: 'a', output: opaque('1'), requestId: 'q' };
        expect(await snapshots.saveTaskResult(result, ROOT)).toMatchObject({ overwritten: false });
        expect(await snapshots.saveTaskResult(result, ROOT)).toMatchObject({ overwritten: false });
      });

      test('a snapshot and a result that are large are kept and come back', async () => {
        const { save, load, snapshots, tenantId } = await open();
        const large = randomBytes(900 * 1024);
        const payload = { value: { case: 'data' as const, value: large } };
        await save('r', { payload });
        await snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 'a', output: payload }, ROOT);
        const size = BigInt(large.length);
        expect((await load('r'))?.content.value).toMatchObject({ value: { case: 'ref', value: { size } } });
        const { output } = await snapshots.loadTaskResult({ tenantId, runId: 'r', taskId: 'a' }, ROOT);
        expect(output?.value).toMatchObject({ case: 'ref', value: { size } });
      });

      test('a start answers with the snapshot of a fresh run, whose input a runtime begins with', async () => {
        const { start, load, find } = await open();
        const input = { value: { case: 'json' as const, value: '{"n":1}' } };
        const started = await start('r', { input, firstTask: { taskId: 'a', priority: 1, tags: ['gpu'] } });
        expect(started.snapshot).toMatchObject({
          version: 0n,
          status: RunStatus.PENDING,
          content: { case: undefined },
        });
        expect(started.snapshot?.input?.value).toEqual(input.value);
        expect(await load('r')).toMatchObject({ version: 0n, position: { at: { case: 'atTask' } } });
        const [task] = await find({ tags: ['gpu'] });
        expect(task).toMatchObject({ runId: 'r', taskId: 'a', priority: 1, tags: ['gpu'], attempt: 1 });
        expect(task?.input?.value).toEqual(input.value);
      });
    });
  });
}
