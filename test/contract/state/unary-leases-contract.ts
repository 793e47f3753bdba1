import { setTimeout as sleep } from 'node:timers/promises';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Assignment, CancelKind } from '#gen/millrace/state/v1/work_down_pb.ts';
import { failureOf } from '#test/doors/failure.ts';
import { openRawWorker } from './raw-worker.ts';
import { DOORS, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';
import { json, leaseOf, newSession, stepOf, type UnaryCalls, unaryCalls } from './unary-calls.ts';

/** What becomes of the leases of unary calls, what DispatchService.ExtendWork and ReleaseWork promise, on any store and through both doors. */
export function unaryLeasesContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      served = stack.use(await serveState(stack.use(await home.openState())));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<UnaryCalls> => unaryCalls(door, served);

      test('[14, 16] a ttl that has passed counts the attempt, and whoever comes next has a larger fence', async () => {
        const { start, take, record, complete, extend, kinds } = await open();
        await start('r');
        const lost = await take({ ttl: { seconds: 1n } });
        await extend(lost, { ttl: { nanos: 100_000_000 } });
        await sleep(150);
        // Nobody has it yet, and it is lost all the same. [16]
        expect(await failureOf(complete(lost, 0))).toMatchObject({ code: 'ABORTED', reason: 'LEASE_LOST' });
        const next = await take({ workerId: 'w-2' });
        expect(next).toMatchObject({ runId: 'r', attempt: 2 });
        expect(next.fence).toBeGreaterThan(lost.fence);
        expect(await failureOf(record(lost, [stepOf(1)]))).toMatchObject({ reason: 'LEASE_LOST' });
        expect(await extend(lost)).toMatchObject({ lost: true, cancel: { kind: CancelKind.ABORT } });
        await complete(next, 0);
        expect((await kinds('r')).filter((kind) => kind === 'taskFailed')).toHaveLength(1);
      });

      test('[13] an extension counts from now, and its repeat changes nothing to the worse', async () => {
        const { start, take, extend } = await open();
        await start('r');
        const assignment = await take({ ttl: { seconds: 60n } });
        const before = Date.now();
        const { expireTime, lost, cancel } = await extend(assignment, { ttl: { seconds: 300n } });
        expect({ lost, cancel }).toEqual({ lost: false, cancel: undefined });
        const untilMs = timestampMs(expireTime as never) - before;
        expect(untilMs).toBeGreaterThanOrEqual(300_000);
        expect(untilMs).toBeLessThan(310_000);
        const shorter = await extend(assignment);
        expect(timestampMs(shorter.expireTime as never)).toBeLessThan(Date.now() + 31_000);
      });

      test('a later poll of the session, or ExtendWork for it, extends its leases, and no others', async () => {
        const { tenantId, dispatch, start, poll, complete, extend } = await open();
        const sessions = [newSession(), newSession(), newSession()];
        const leased: Assignment[] = [];
        for (const [at, sessionId] of sessions.entries()) {
          await start(`r${at}`);
          leased.push(...(await poll({ sessionId, ttl: { seconds: 3n } })));
        }
        const [polled, extended, left] = leased as [Assignment, Assignment, Assignment];
        await poll({ sessionId: sessions[0] ?? '', ttl: { seconds: 60n } });
        await dispatch.extendWork({ tenantId, sessionId: sessions[1] ?? '', ttl: { seconds: 60n } }, ROOT);
        await sleep(3_100);
        expect(await extend(left)).toMatchObject({ lost: true });
        await complete(polled, 0);
        await complete(extended, 0);
      });

      test('every extension of a request has its own answer, whatever became of the others', async () => {
        const { tenantId, runs, dispatch, start, poll } = await open();
        for (const runId of ['r1', 'r2', 'r3', 'r4']) await start(runId);
        const all = await poll({ maxItems: 4 });
        await runs.terminateRun({ tenantId, runId: 'r2' }, ROOT);
        await runs.cancelRun({ tenantId, runId: 'r3', reason: 'enough' }, ROOT);
        await runs.pauseRun({ tenantId, runId: 'r4', reason: 'later' }, ROOT);
        const extensions = [
          ...all.map((assignment) => ({ lease: leaseOf(assignment) })),
          { lease: { ...leaseOf(all[0] as Assignment), fence: 1n } },
          { lease: { ...leaseOf(all[0] as Assignment), runId: 'missing' } },
          { lease: { runId: '', incarnation: '', itemId: 'free', fence: 1n } },
        ];
        const { results } = await dispatch.extendWork({ tenantId, extensions, ttl: { seconds: 5n } }, ROOT);
        expect(results).toMatchObject([
          { lost: false },
          { lost: true, cancel: { kind: CancelKind.ABORT, reason: 'TERMINATED' } },
          { lost: false, cancel: { kind: CancelKind.CANCEL, reason: 'enough' } },
          { lost: false, cancel: { kind: CancelKind.PAUSE, reason: 'later' } },
          { lost: true },
          { lost: true },
          { lost: true },
        ]);
        expect(results[2]?.cancel?.deadlineTime).toBeDefined();
        expect(results[1]?.expireTime).toBeUndefined();
      });

      test('a lease of a stream is good for unary calls, and lives by heartbeats until a ttl is named', async () => {
        const { tenantId, start, record, extend, complete } = await open();
        await using worker = await openRawWorker(served.addresses, {
          tenantId,
          workerId: 'w-2',
          definitions: ['order@1'],
        });
        await start('r');
        const assignment = await worker.assigned('r');
        expect(await record(assignment, [stepOf(1)])).toMatchObject({ ack: { ordinal: 1 } });
        const byHeartbeat = await extend(assignment, { details: json('1') });
        expect(byHeartbeat.lost).toBe(false);
        expect(byHeartbeat.expireTime).toBeUndefined();
        expect((await extend(assignment, { ttl: { seconds: 60n } })).expireTime).toBeDefined();
        await complete(assignment, 1);
      });

      test('a stream of the session goes on with what its polls took, and every lease shows the session as it was named', async () => {
        const { tenantId, dispatch, runs, start, poll, kinds } = await open();
        const sessionId = newSession();
        const wait = { seconds: 20n };
        const polls = [poll({ sessionId, wait }), poll({ sessionId, wait })];
        await sleep(50);
        await start('r-1');
        await start('r-2');
        const leased = (await Promise.all(polls)).flat();
        expect(leased).toHaveLength(2);
        for (const { runId } of leased) {
          const { events } = await dispatch.getHistory({ tenantId, runId }, ROOT);
          const shown = events.flatMap(({ kind }) => (kind.case === 'taskLeased' ? [kind.value.lease?.sessionId] : []));
          expect(shown).toEqual([sessionId]);
        }
        const held = leased.map((assignment, index) => ({ handle: 2 * index + 1, lease: leaseOf(assignment) }));
        const definitions = ['order@1'];
        const options = { tenantId, workerId: 'w-1', sessionId, definitions, slots: 2, facts: { held } };
        await using worker = await openRawWorker(served.addresses, options);
        const { held: states } = await worker.until(({ welcome }) => welcome);
        expect(states.map(({ handle, lost }) => [handle, lost])).toEqual([
          [1, false],
          [3, false],
        ]);
        await runs.cancelRun({ tenantId, runId: 'r-1' }, ROOT);
        const cancelled = leased.findIndex(({ runId }) => runId === 'r-1');
        expect(await worker.until(({ cancel }) => cancel[0]?.handle)).toBe(2 * cancelled + 1);
        for (const [index, assignment] of leased.entries()) {
          await worker.complete({ ...assignment, handle: 2 * index + 1 }, 0);
          expect((await kinds(assignment.runId)).at(-1)).toBe('runEnded');
        }
      });

      test('what an attempt said of itself is told to the next one', async () => {
        const { tenantId, dispatch, start, take, extend } = await open();
        await start('r');
        const first = await take();
        expect(first.heartbeatDetails).toBeUndefined();
        await extend(first, { details: json('{"done":3}') });
        await extend(first);
        await dispatch.releaseWork({ tenantId, lease: leaseOf(first) }, ROOT);
        const second = await take();
        expect(second.heartbeatDetails?.value).toEqual({ case: 'json', value: '{"done":3}' });
        await extend(second, { details: json(JSON.stringify('x'.repeat(70_000))) });
        await dispatch.releaseWork({ tenantId, lease: leaseOf(second) }, ROOT);
        expect((await take()).heartbeatDetails?.value).toMatchObject({ case: 'ref', value: { size: 70_002n } });
      });

      test('a release costs no attempt; a second one is refused, a repeat with its request id is not', async () => {
        const { tenantId, dispatch, start, take, poll } = await open();
        await start('r');
        const first = await take();
        const request = { tenantId, lease: leaseOf(first), requestId: 'release-1' };
        const { readyTime } = await dispatch.releaseWork(request, ROOT);
        expect(Math.abs(timestampMs(readyTime as never) - Date.now())).toBeLessThan(5_000);
        expect(await dispatch.releaseWork(request, ROOT)).toMatchObject({ readyTime });
        const again = dispatch.releaseWork({ tenantId, lease: leaseOf(first) }, ROOT);
        expect(await failureOf(again)).toMatchObject({ code: 'ABORTED', reason: 'LEASE_LOST' });
        const second = await take();
        expect(second).toMatchObject({ attempt: 1 });
        const release = { unstarted: true, retryAfter: { seconds: 3_600n } };
        const later = await dispatch.releaseWork({ tenantId, lease: leaseOf(second), release }, ROOT);
        expect(timestampMs(later.readyTime as never)).toBeGreaterThan(Date.now() + 3_500_000);
        expect(await poll()).toEqual([]);
      });

      test('[12] releasing what is not there, or not the caller’s, is refused and changes nothing', async () => {
        const { tenantId, dispatch, start, take, complete } = await open();
        await start('r');
        const mine = leaseOf(await take());
        const release = (lease: Partial<typeof mine>) =>
          failureOf(dispatch.releaseWork({ tenantId, lease: { ...mine, ...lease } }, ROOT));
        const lost = { code: 'ABORTED', reason: 'LEASE_LOST' };
        const missing = { code: 'NOT_FOUND', reason: 'ITEM_NOT_FOUND' };
        expect(await release({ fence: mine.fence + 1n })).toMatchObject(lost);
        expect(await release({ incarnation: newSession() })).toMatchObject(lost);
        expect(await release({ itemId: `${mine.incarnation}.900` })).toMatchObject(missing);
        expect(await release({ itemId: 'nonsense' })).toMatchObject(missing);
        expect(await release({ runId: 'missing' })).toMatchObject(missing);
        expect(await release({ runId: '', incarnation: '', itemId: 'free' })).toMatchObject(missing);
        await complete(mine, 0);
        expect(await release({})).toMatchObject(lost);
      });
    });
  });
}
