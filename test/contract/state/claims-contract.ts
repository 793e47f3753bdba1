import { setTimeout as sleep } from 'node:timers/promises';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AvailableTask } from '#gen/millrace/state/v1/available_task_pb.ts';
import { MOVE_ON_MS } from '#libs/engine/model/client-tasks.ts';
import { failureOf } from '#test/doors/failure.ts';
import { atFork, atTask, type ClientCalls, clientCalls, opaque } from './client-calls.ts';
import { createMovedClock } from './moved-clock.ts';
import { DOORS, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

function ttl(ms: number): { expiry: { case: 'ttl'; value: ReturnType<typeof durationFromMs> } } {
  return { expiry: { case: 'ttl', value: durationFromMs(ms) } };
}

const FOREVER = { expiry: { case: 'noExpiry', value: true } } as const;

function tasksOf(found: readonly AvailableTask[]): string[] {
  return found.map(({ runId, taskId }) => `${runId}.${taskId}`);
}

/** What ClaimService promises, on any store and through both doors. */
export function claimsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      served = stack.use(await serveState(stack.use(await home.openState())));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    test('a runtime that dies between a result and the next position leaves a task that is offered again', async () => {
      const [door] = DOORS;
      if (door === undefined) throw new TypeError('there is no door');
      await using home = await createHome();
      await using store = await home.openState();
      const clock = createMovedClock();
      await using moved = await serveState(store, {}, { world: { clock } });
      const { tenantId, start, held, find, save, snapshots } = await clientCalls(door, moved);
      await start('r', { firstTask: { taskId: 'a' } });
      const { fence } = await held('r');
      await snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 'a', fence, output: opaque('1') }, ROOT);
      await clock.forward(MOVE_ON_MS - 5_000);
      expect(await find()).toEqual([]);
      await clock.forward(5_000);
      await expect.poll(() => find()).toMatchObject([{ taskId: 'a', attempt: 1, hasResult: true }]);
      const again = await held('r');
      await save('r', { fence: again.fence, taskId: 'a', position: atTask('b') });
      expect(await find()).toMatchObject([{ taskId: 'b', hasResult: false }]);
    });

    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<ClientCalls> => clientCalls(door, served);
      const run = async (calls: ClientCalls, runId = 'r'): Promise<ClientCalls> => {
        await calls.start(runId, { firstTask: { taskId: 'a' } });
        return calls;
      };

      test('[10] a free task is given with a fence and an end, and to nobody else meanwhile', async () => {
        const { claim } = await run(await open());
        const before = Date.now();
        const { lease, attempt } = await claim('r', ttl(60_000));
        expect(lease).toMatchObject({ runId: 'r', taskId: 'a', itemId: '', workerId: 'w', noExpiry: false });
        expect(lease?.fence).toBeGreaterThan(0n);
        expect(attempt).toBe(1);
        const ends = Number(lease?.expireTime?.seconds) * 1000;
        expect(ends).toBeGreaterThan(before + 58_000);
        expect(ends).toBeLessThan(Date.now() + 61_000);
        expect((await claim('r', { workerId: 'x' })).lease).toBeUndefined();
        expect((await claim('r')).lease).toBeUndefined();
      });

      test('[11] what has expired is had by the next one, under a larger fence, and one without expiry by nobody', async () => {
        const { claim, claims, tenantId, held } = await run(await open());
        const first = await held('r', ttl(20));
        await sleep(60);
        const second = await held('r', { workerId: 'x', ...FOREVER });
        expect(second.fence).toBeGreaterThan(first.fence);
        expect([second.noExpiry, second.expireTime]).toEqual([true, undefined]);
        expect((await claim('r')).lease).toBeUndefined();
        const request = { tenantId, runId: 'r', taskId: 'a', workerId: 'x', ttl: durationFromMs(1) };
        const { lease } = await claims.extendTaskClaim(request, ROOT);
        expect([lease?.noExpiry, lease?.expireTime]).toEqual([true, undefined]);
        await sleep(20);
        expect((await claim('r')).lease).toBeUndefined();
      });

      test('[12] nobody ends or extends what another one has', async () => {
        const { claims, tenantId, held } = await run(await open());
        const lease = await held('r');
        const b = { tenantId, runId: 'r', taskId: 'a', workerId: 'b' };
        const release = (more: object): ReturnType<typeof claims.releaseTaskClaim> =>
          claims.releaseTaskClaim({ ...b, ...more }, ROOT);
        const lost = { code: 'ABORTED', reason: 'LEASE_LOST' };
        expect(await failureOf(release({}))).toMatchObject(lost);
        expect(await failureOf(claims.extendTaskClaim({ ...b, ttl: durationFromMs(5) }, ROOT))).toMatchObject(lost);
        expect(await failureOf(release({ workerId: 'w', fence: lease.fence + 1n }))).toMatchObject(lost);
        await release({ workerId: 'w', fence: lease.fence });
        await release({ workerId: 'w', fence: lease.fence });
        const none = { code: 'NOT_FOUND', reason: 'LEASE_NOT_FOUND' };
        expect(await failureOf(release({ workerId: 'w' }))).toMatchObject(none);
        expect(await failureOf(release({ taskId: 'unknown' }))).toMatchObject(none);
        expect(await failureOf(release({ runId: 'none' }))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
        const claim = claims.claimTask({ ...b, runId: 'none' }, ROOT);
        expect(await failureOf(claim)).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
      });

      test('[13] an extension ends then and not later, however often it is asked for', async () => {
        const { claims, tenantId, held } = await run(await open());
        await held('r', ttl(60_000));
        const request = { tenantId, runId: 'r', taskId: 'a', workerId: 'w', ttl: durationFromMs(300_000) };
        await claims.extendTaskClaim(request, ROOT);
        const { lease } = await claims.extendTaskClaim(request, ROOT);
        const inMs = Number(lease?.expireTime?.seconds) * 1000 - Date.now();
        expect(inMs).toBeGreaterThan(297_000);
        expect(inMs).toBeLessThanOrEqual(301_000);
      });

      test('[14] who lost a task to another one can do nothing with it any more', async () => {
        const { claims, snapshots, save, tenantId, held } = await run(await open());
        const lost = await held('r', ttl(20));
        await sleep(60);
        const now = await held('r', { workerId: 'b' });
        const a = { tenantId, runId: 'r', taskId: 'a', workerId: 'w', fence: lost.fence };
        const refused = { reason: 'LEASE_LOST' };
        expect(await failureOf(claims.extendTaskClaim({ ...a, ttl: durationFromMs(5) }, ROOT))).toMatchObject(refused);
        expect(await failureOf(claims.releaseTaskClaim(a, ROOT))).toMatchObject(refused);
        expect(await failureOf(snapshots.saveTaskResult({ ...a, output: opaque('late') }, ROOT))).toMatchObject(
          refused,
        );
        expect(await failureOf(save('r', { fence: lost.fence }))).toMatchObject(refused);
        const unfenced = { tenantId, runId: 'r', taskId: 'a', output: opaque('late') };
        expect(await failureOf(snapshots.saveTaskResult(unfenced, ROOT))).toMatchObject(refused);
        expect((await snapshots.loadTaskResult({ tenantId, runId: 'r', taskId: 'a' }, ROOT)).output).toBeUndefined();
        await snapshots.saveTaskResult({ ...unfenced, fence: now.fence }, ROOT);
      });

      test('[15] a result that is sent again is acknowledged, and of many at once one takes effect', async () => {
        const { snapshots, claims, events, tenantId, held } = await run(await open());
        const { fence } = await held('r');
        const request = { tenantId, runId: 'r', taskId: 'a', output: opaque('1'), fence };
        await Promise.all(Array.from({ length: 16 }, () => snapshots.saveTaskResult(request, ROOT)));
        await snapshots.saveTaskResult(request, ROOT);
        await claims.releaseTaskClaim({ tenantId, runId: 'r', taskId: 'a', workerId: 'w', fence }, ROOT);
        const { events: log } = await events.listEvents({ tenantId, runId: 'r', includeSystem: true }, ROOT);
        const saved = log.filter(
          ({ kind }) => kind.case === 'systemRecord' && kind.value.kind.case === 'taskResultSaved',
        );
        expect(saved).toHaveLength(1);
      });

      test('[16] a result after the end of its claim is refused, although nobody has it', async () => {
        const { snapshots, tenantId, held } = await run(await open());
        const { fence } = await held('r', ttl(20));
        await sleep(60);
        const request = { tenantId, runId: 'r', taskId: 'a', output: opaque('1'), fence };
        expect(await failureOf(snapshots.saveTaskResult(request, ROOT))).toMatchObject({ reason: 'LEASE_LOST' });
      });

      test('[17] a forged fence is refused', async () => {
        const { snapshots, tenantId } = await run(await open());
        const request = { tenantId, runId: 'r', taskId: 'a', output: opaque('1') };
        expect(await failureOf(snapshots.saveTaskResult({ ...request, fence: 7n }, ROOT))).toMatchObject({
          reason: 'LEASE_LOST',
        });
        expect(await failureOf(snapshots.saveTaskResult({ ...request, fence: 0n }, ROOT))).toMatchObject({
          reason: 'INVALID_FIELDS',
        });
      });

      test('[19] tasks are found by priority, and of equal ones the oldest first', async () => {
        const { start, find } = await open();
        for (const [runId, priority] of [
          ['five', 5],
          ['three', 3],
          ['one', 1],
          ['younger', 3],
        ] as const) {
          await start(runId, { firstTask: { taskId: 'a', priority } });
          await sleep(2);
        }
        const noAging = { aging: { case: 'noAging', value: true } } as const;
        expect(tasksOf(await find(noAging))).toEqual(['one.a', 'three.a', 'younger.a', 'five.a']);
        expect(tasksOf(await find({ ...noAging, limit: 2 }))).toEqual(['one.a', 'three.a']);
      });

      test('[20] an aging of nothing, less than nothing, or for ever is understood', async () => {
        const { start, find } = await open();
        await start('old', { firstTask: { taskId: 'a', priority: 5 } });
        await start('new', { firstTask: { taskId: 'a', priority: 1 } });
        const order = async (seconds: bigint): Promise<string[]> =>
          tasksOf(await find({ aging: { case: 'agingInterval', value: { seconds, nanos: 0 } } }));
        for (const seconds of [0n, -5n, 1n, 315_576_000_000n]) expect(await order(seconds)).toEqual(['new.a', 'old.a']);
      });

      test('[21] tags keep a task from whoever lacks one', async () => {
        const { start, find } = await open();
        await start('gpu', { firstTask: { taskId: 'a', tags: ['gpu'] } });
        await start('both', { firstTask: { taskId: 'a', tags: ['gpu', 'eu'] } });
        await start('any', { firstTask: { taskId: 'a' } });
        const found = async (...tags: string[]): Promise<string[]> => tasksOf(await find({ tags })).toSorted();
        expect(await found('cpu')).toEqual(['any.a']);
        expect(await found()).toEqual(['any.a']);
        expect(await found('gpu', 'x')).toEqual(['any.a', 'gpu.a']);
        expect(await found('eu', 'gpu')).toEqual(['any.a', 'both.a', 'gpu.a']);
      });

      test('[22] so many are found at most, after they were put in order', async () => {
        const { start, save, find } = await open();
        await start('r');
        await save('r', { position: atFork('a', 'b', 'c'), taskHints: [{ taskId: 'c', priority: 1 }] });
        expect(tasksOf(await find({ limit: 1 }))).toEqual(['r.c']);
        expect(await find({ limit: 2 })).toHaveLength(2);
        for (const limit of [0, -1, 1_001]) {
          expect(await failureOf(find({ limit }))).toMatchObject({ reason: 'INVALID_FIELDS' });
        }
      });

      test('[23] what is held, over, with somebody, or before its time is not found', async () => {
        const { start, save, find, held, runs, claims, tenantId } = await open();
        for (const runId of ['leased', 'over', 'moved', 'later', 'free'])
          await start(runId, { firstTask: { taskId: 'a' } });
        await held('leased');
        await runs.terminateRun({ tenantId, runId: 'over' }, ROOT);
        await save('moved', { position: atTask('b') });
        const untilTime = { seconds: BigInt(Math.ceil(Date.now() / 1000) + 60), nanos: 0 };
        await save('later', { position: { at: { case: 'atDelay', value: { untilTime, nextTask: 'b' } } } });
        expect(tasksOf(await find()).toSorted()).toEqual(['free.a', 'moved.b']);
        await claims.releaseTaskClaim({ tenantId, runId: 'leased', taskId: 'a', workerId: 'w' }, ROOT);
        expect(tasksOf(await find()).toSorted()).toEqual(['free.a', 'leased.a', 'moved.b']);
        expect(
          (await claims.claimTask({ tenantId, runId: 'later', taskId: 'b', workerId: 'w' }, ROOT)).lease,
        ).toBeUndefined();
      });

      test('[23] what a delay, or a signal, held back is found once it is time', async () => {
        const { start, save, find, signals, tenantId } = await open();
        await start('delayed');
        await start('waiting');
        const untilTime = { seconds: BigInt(Math.floor(Date.now() / 1000) - 1), nanos: 0 };
        await save('delayed', { position: { at: { case: 'atDelay', value: { untilTime, nextTask: 'b' } } } });
        await save('waiting', { position: { at: { case: 'atSignal', value: { name: 'go', nextTask: 'c' } } } });
        expect(tasksOf(await find())).toEqual(['delayed.b']);
        await signals.sendSignal({ tenantId, runId: 'waiting', name: 'other' }, ROOT);
        expect(tasksOf(await find())).toEqual(['delayed.b']);
        await signals.sendSignal({ tenantId, runId: 'waiting', name: 'go' }, ROOT);
        expect(tasksOf(await find()).toSorted()).toEqual(['delayed.b', 'waiting.c']);
      });

      test('[24] what failed on a worker comes last for it, and in its place for others', async () => {
        const { start, find, held, claims, tenantId } = await open();
        await start('failed', { firstTask: { taskId: 'a', priority: 1 } });
        await start('other', { firstTask: { taskId: 'a' } });
        await held('failed');
        await claims.releaseTaskClaim({ tenantId, runId: 'failed', taskId: 'a', workerId: 'w', failed: true }, ROOT);
        expect(tasksOf(await find({ workerId: 'w' }))).toEqual(['other.a', 'failed.a']);
        expect(tasksOf(await find({ workerId: 'x' }))).toEqual(['failed.a', 'other.a']);
        expect((await find({ workerId: 'x' }))[0]?.attempt).toBe(2);
      });

      test('[25] the tasks of a run with a pending control are not offered, until it is taken back', async () => {
        const { find, runs, claim, tenantId } = await run(await open());
        await runs.pauseRun({ tenantId, runId: 'r' }, ROOT);
        expect(await find()).toEqual([]);
        expect((await claim('r')).lease).toBeUndefined();
      });

      test('[41] a claim that is asked for again is the same lease, and other words are refused', async () => {
        const { held, claim } = await run(await open());
        const lease = await held('r', { requestId: 'q' });
        expect(await held('r', { requestId: 'q' })).toEqual(lease);
        expect(await failureOf(claim('r', { requestId: 'q', workerId: 'x' }))).toMatchObject({
          reason: 'REQUEST_ID_REUSED',
        });
      });

      test('only tasks of the workflow and definition that are asked for are found', async () => {
        const { save, find } = await open();
        await save('one', { workflow: 'w', definitionHash: 'h', position: atTask('a') });
        await save('two', { workflow: 'v', definitionHash: 'i', position: atTask('a') });
        expect(tasksOf(await find({ workflow: 'v' }))).toEqual(['two.a']);
        expect(tasksOf(await find({ definitionHash: 'h' }))).toEqual(['one.a']);
        expect(await find({ workflow: 'v', definitionHash: 'h' })).toEqual([]);
      });

      test('hints tell of tasks that become available, to whoever may have them', async () => {
        const { start, claims, tenantId } = await open();
        const left = new AbortController();
        const stream = claims.watchAvailableTasks({ tenantId, workerId: 'w' }, { ...ROOT, signal: left.signal });
        const hints: string[] = [];
        const reading = (async () => {
          for await (const answer of stream) {
            hints.push(...answer.hints.map(({ runId, taskId, workflow }) => `${runId}.${taskId} of ${workflow}`));
          }
        })().catch(() => undefined);
        while (hints.length === 0) {
          await start(`tagged-${hints.length}`, { firstTask: { taskId: 'a', tags: ['gpu'] }, conflictPolicy: 3 });
          await start('r', { firstTask: { taskId: 'a' }, conflictPolicy: 3 });
          await sleep(20);
        }
        left.abort();
        await reading;
        expect(hints[0]).toBe('r.a of flow');
      });
    });
  });
}
