import { setTimeout as sleep } from 'node:timers/promises';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { PayloadService } from '#gen/millrace/state/v1/payload_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { type WorkItem, WorkItemState } from '#gen/millrace/state/v1/work_item_pb.ts';
import { failureOf } from '#test/doors/failure.ts';
import { definitionCalls, functionOf } from './definition-calls.ts';
import { createMovedClock } from './moved-clock.ts';
import { type QueueCalls, queueCalls } from './queue-calls.ts';
import { DOORS, ROOT, type ServedState, serveState, untilShown } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';
import { json, newSession } from './unary-calls.ts';

const LOST = { code: 'ABORTED', reason: 'LEASE_LOST' };
const NO_ITEM = { code: 'NOT_FOUND', reason: 'ITEM_NOT_FOUND' };

const idOf = (item: WorkItem | undefined): string | undefined => item?.itemId;

/** What QueueService promises of items and their leases, on any store and through both doors. */
export function queueContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    const clock = createMovedClock();
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      served = stack.use(await serveState(stack.use(await home.openState()), {}, { world: { clock } }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    /** Turns the clock; what the tables lack by then would look as old as the clock says. */
    async function forward(ms: number): Promise<void> {
      await untilShown(served);
      await clock.forward(ms);
    }

    describe.each(DOORS)('by $name', (door) => {
      const open = (): QueueCalls => queueCalls(door, served);

      test('an item that is enqueued is claimed with all that was said of it, and completed once', async () => {
        const { enqueue, take, complete, claim } = open();
        const { item, created } = await enqueue('i', {
          payload: json('{"n":1}'),
          priority: 2,
          tags: ['gpu', 'eu', 'gpu'],
          maxAttempts: 5,
        });
        expect(created).toBe(true);
        const facts = {
          itemId: 'i',
          runId: '',
          incarnation: '',
          nodeId: '',
          queue: 'default',
          attempt: 1,
          maxAttempts: 5,
          priority: 2,
          tags: ['eu', 'gpu'],
          payload: { value: { case: 'json', value: '{"n":1}' } },
        };
        expect(item).toMatchObject({ ...facts, state: WorkItemState.READY });
        expect(item?.lease).toBeUndefined();
        const taken = await take({ tags: ['gpu', 'eu', 'x'] });
        expect(taken).toMatchObject({
          ...facts,
          state: WorkItemState.LEASED,
          lease: { workerId: 'w-1', itemId: 'i', runId: '', sessionId: '', noExpiry: false },
        });
        const done = await complete(taken, { output: json('2') });
        expect(done.item).toMatchObject({ itemId: 'i', state: WorkItemState.COMPLETED });
        expect(done.item?.lease).toBeUndefined();
        expect(await claim({ tags: ['gpu', 'eu'] })).toBeUndefined();
      });

      test('[41] an id that is known answers the item that is there; without one the request id makes it', async () => {
        const { tenantId, queues, enqueue, take, complete } = open();
        await enqueue('i', { payload: json('1') });
        const again = await enqueue('i', { payload: json('2') });
        expect(again).toMatchObject({ created: false, item: { payload: { value: { value: '1' } } } });
        await complete(await take());
        expect(await enqueue('i')).toMatchObject({ created: false, item: { state: WorkItemState.COMPLETED } });
        const requestId = `r-${tenantId}`;
        const first = await queues.enqueueWorkItem({ tenantId, requestId }, ROOT);
        expect(await queues.enqueueWorkItem({ tenantId, requestId }, ROOT)).toEqual(first);
        expect(await failureOf(queues.enqueueWorkItem({ tenantId, requestId, priority: 1 }, ROOT))).toMatchObject({
          reason: 'REQUEST_ID_REUSED',
        });
        expect(await failureOf(enqueue('x'.repeat(257)))).toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect((await enqueue('x'.repeat(256))).created).toBe(true);
      });

      test('items of a run belong to it: the same id in another run is another item', async () => {
        const { enqueue, startRun, take, complete } = open();
        const incarnation = await startRun('r');
        await startRun('s');
        const { item } = await enqueue('i', { runId: 'r', nodeId: 'bill' });
        expect(item).toMatchObject({ runId: 'r', incarnation, nodeId: 'bill', itemId: 'i' });
        expect((await enqueue('i', { runId: 's' })).created).toBe(true);
        expect((await enqueue('i')).created).toBe(true);
        const taken = [await take(), await take(), await take()];
        expect(taken.map(({ runId }) => runId).toSorted()).toEqual(['', 'r', 's']);
        for (const held of taken) await complete(held);
        expect(await failureOf(enqueue('i', { runId: 'none' }))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
        const other = { runId: 'r', incarnation: newSession() };
        expect(await failureOf(enqueue('j', other))).toMatchObject(LOST);
      });

      test('an item of a run that has ended is refused, and what waits is withdrawn with the run', async () => {
        const { tenantId, runs, enqueue, startRun, take, claim, complete } = open();
        await startRun('r');
        await enqueue('held', { runId: 'r' });
        const held = await take();
        await enqueue('waits', { runId: 'r' });
        await runs.terminateRun({ tenantId, runId: 'r' }, ROOT);
        expect(await claim()).toBeUndefined();
        expect(await failureOf(complete(held))).toMatchObject(LOST);
        expect(await failureOf(enqueue('late', { runId: 'r' }))).toMatchObject({ reason: 'RUN_TERMINAL' });
      });

      test('[10] of many who claim one item at a time one gets it, and the others get nothing', async () => {
        const { enqueue, claim } = open();
        await enqueue('i');
        const claims = Array.from({ length: 16 }, (_, at) => claim({ workerId: `w-${at}` }));
        const taken = (await Promise.all(claims)).filter((item) => item !== undefined);
        expect(taken).toHaveLength(1);
        expect(taken[0]?.lease?.fence).toBeGreaterThan(0n);
      });

      test('[19, 20, 22] the most urgent item first, then the oldest; a claim may age them as it likes', async () => {
        const { enqueue, take, startRun } = open();
        await startRun('r');
        await enqueue('old-5', { priority: 5 });
        await enqueue('old-run-5', { priority: 5, runId: 'r' });
        await forward(600_000);
        for (const priority of [3, 1]) await enqueue(`p${priority}`, { priority });
        await enqueue('p1-run', { priority: 1, runId: 'r' });
        const noAging = { aging: { case: 'noAging', value: true } } as const;
        expect(idOf(await take(noAging))).toBe('p1');
        const aging = { aging: { case: 'agingInterval', value: { seconds: 60n } } } as const;
        expect(idOf(await take(aging))).toBe('old-5');
        const none = { aging: { case: 'agingInterval', value: { seconds: 315_576_000_000n } } } as const;
        expect(idOf(await take(none))).toBe('p1-run');
        const least = { aging: { case: 'agingInterval', value: { seconds: -1n } } } as const;
        expect(idOf(await take(least))).toBe('old-run-5');
        expect(idOf(await take())).toBe('p3');
      });

      test('[21, 63] an item goes to who has all its tags, and only from the queues that are asked for', async () => {
        const { enqueue, claim } = open();
        await enqueue('gpu', { tags: ['gpu'] });
        await enqueue('both', { tags: ['gpu', 'eu'] });
        await enqueue('other', { queue: 'c' });
        expect(await claim({ tags: ['cpu'] })).toBeUndefined();
        expect(await claim()).toBeUndefined();
        expect(idOf(await claim({ tags: ['gpu', 'x'] }))).toBe('gpu');
        expect(await claim({ tags: ['gpu'] })).toBeUndefined();
        expect(idOf(await claim({ tags: ['gpu', 'eu'] }))).toBe('both');
        expect(await claim({ queues: ['a', 'b'] })).toBeUndefined();
        await enqueue('plain', { queue: 'b' });
        expect(idOf(await claim({ queues: ['a', 'b'], tags: ['gpu'] }))).toBe('plain');
        expect(idOf(await claim({ queues: ['c'] }))).toBe('other');
      });

      test('[23] nothing is offered before its time, or while its run is paused', async () => {
        const { tenantId, runs, enqueue, startRun, claim, take } = open();
        await enqueue('later', { notBeforeTime: timestampFromMs(clock.now() + 60_000) });
        expect(await claim()).toBeUndefined();
        await forward(60_000);
        expect(idOf(await claim())).toBe('later');
        await startRun('r');
        for (const status of [RunStatus.RUNNING, RunStatus.PAUSED]) {
          await runs.updateRunStatus({ tenantId, runId: 'r', status }, ROOT);
        }
        await enqueue('i', { runId: 'r' });
        expect(await claim()).toBeUndefined();
        await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        expect(idOf(await take())).toBe('i');
      });

      test('[24] who failed an item gets it after the others, and somebody else in the usual order', async () => {
        const { enqueue, take, fail } = open();
        await enqueue('first');
        const failed = await take({ workerId: 'a' });
        await fail(failed, { retryAfter: { seconds: 0n } });
        await enqueue('second');
        expect(idOf(await take({ workerId: 'a' }))).toBe('second');
        await enqueue('third');
        expect(idOf(await take({ workerId: 'b' }))).toBe('first');
      });

      test('[63] a claim waits for the first item, woken by it, and not longer than it is told to', async () => {
        const { tenantId, enqueue, startRun, claim } = open();
        const before = performance.now();
        expect(await claim({ wait: { nanos: 200_000_000 } })).toBeUndefined();
        expect(performance.now() - before).toBeGreaterThanOrEqual(190);
        const waiting = claim({ wait: { seconds: 20n } });
        await sleep(50);
        const dispatch = createClient(DispatchService, door.transport(served.addresses));
        expect((await dispatch.listWorkers({ tenantId }, ROOT)).workers).toEqual([]);
        await enqueue('i');
        expect(idOf(await waiting)).toBe('i');
        await startRun('r');
        const forRun = claim({ wait: { seconds: 20n } });
        await sleep(50);
        await enqueue('j', { runId: 'r' });
        expect(await forRun).toMatchObject({ itemId: 'j', runId: 'r' });
      });

      test('what comes for a caller that is gone goes to another worker, its attempt not counted', async () => {
        const { tenantId, enqueue, claim, take } = open();
        const caller = new AbortController();
        const gone = failureOf(claim({ wait: { seconds: 20n } }, { signal: caller.signal }));
        const { dispatch } = served.node;
        const isWaiting = (): boolean =>
          [...dispatch.sessions()].some((one) => one.tenantId === tenantId && one.link !== undefined);
        while (!isWaiting()) await sleep(5);
        caller.abort();
        await gone;
        while (isWaiting()) await sleep(5);
        await enqueue('i');
        expect(await take({ workerId: 'w-2' })).toMatchObject({ itemId: 'i', attempt: 1 });
      });

      test('[41] a claim that is repeated gets the same item and lease; with other arguments it is refused', async () => {
        const { tenantId, enqueue, claim } = open();
        const requestId = `claim-${tenantId}`;
        expect(await claim({ requestId })).toBeUndefined();
        await enqueue('i', { payload: json('1') });
        await enqueue('j');
        const first = await claim({ requestId });
        expect(idOf(first)).toBe('i');
        expect(await claim({ requestId })).toEqual(first);
        expect(await failureOf(claim({ requestId, workerId: 'w-2' }))).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
        const both = await Promise.all([
          claim({ requestId: `x-${requestId}` }),
          claim({ requestId: `x-${requestId}` }),
        ]);
        expect(both.map(idOf)).toEqual(['j', 'j']);
      });

      test('[9] items are for CLIENT runs: a SERVER run has none', async () => {
        const { tenantId, runs, enqueue, startRun } = open();
        await startRun('client');
        await definitionCalls(door, served, tenantId).put(functionOf('order', '1'), { activate: true });
        await runs.startRun({ tenantId, runId: 'server', workflow: 'order' }, ROOT);
        expect(await failureOf(enqueue('i', { runId: 'server' }))).toMatchObject({ reason: 'WRONG_DRIVER' });
      });

      test('[69] the same ids coexist in two tenants, and nobody sees the items of another', async () => {
        const a = open();
        const b = open();
        await a.enqueue('i', { payload: json('"a"') });
        expect(await b.claim()).toBeUndefined();
        expect((await b.enqueue('i', { payload: json('"b"') })).created).toBe(true);
        expect(await a.take()).toMatchObject({ payload: { value: { value: '"a"' } } });
        const { runs } = await a.runs.listRuns({ tenantId: a.tenantId }, ROOT);
        expect(runs).toEqual([]);
        const hidden = { tenantId: `\u0001${a.tenantId}`, runId: 'i' };
        expect(await failureOf(a.runs.getRun(hidden, ROOT))).toMatchObject({ reason: 'INVALID_FIELDS' });
      });

      test('a run explains its items: dead letters, holds, times to come, and those that nobody claims', async () => {
        const { tenantId, runs, queues, enqueue, startRun, take } = open();
        await startRun('r');
        await enqueue('held', { runId: 'r' });
        await take({ expiry: { case: 'ttl', value: { seconds: 600n } } });
        await enqueue('dead', { runId: 'r' });
        await queues.moveToDeadLetter({ tenantId, runId: 'r', itemId: 'dead', failure: { type: 'Moved' } }, ROOT);
        await enqueue('later', { runId: 'r', notBeforeTime: timestampFromMs(clock.now() + 60_000) });
        await enqueue('waits', { runId: 'r', queue: 'mail', tags: ['gpu'] });
        const { blockers, summary } = await runs.explainRun({ tenantId, runId: 'r' }, ROOT);
        expect(summary).toMatch(
          /^Work item "dead" is the dead letter .+; requeue it or purge it \(and 4 more reasons\)\.$/,
        );
        expect(blockers.map(({ nodePath, kind }) => [nodePath, kind.case])).toEqual([
          ['dead', 'deadLetter'],
          ['waits', 'noWorker'],
          ['', 'client'],
          ['later', 'timer'],
          ['held', 'lease'],
        ]);
        expect(blockers[1]?.kind.value).toMatchObject({ itemId: 'waits', queue: 'mail', tags: ['gpu'] });
        expect(blockers[4]?.kind.value).toMatchObject({ attempt: 1, lease: { itemId: 'held', workerId: 'w-1' } });
      });

      test('[71] a tenant that is suspended puts nothing in, takes nothing and puts nothing back, but settles', async () => {
        const { tenantId, queues, enqueue, take, claim, complete } = open();
        await enqueue('held');
        const held = await take();
        await enqueue('dead');
        const failure = { type: 'Moved' };
        const { deadLetter } = await queues.moveToDeadLetter({ tenantId, itemId: 'dead', failure }, ROOT);
        const tenants = createClient(TenantService, door.transport(served.addresses));
        await tenants.createTenant({ tenantId }, ROOT).catch(() => undefined);
        const tenant = { status: TenantStatus.SUSPENDED };
        await tenants.updateTenant({ tenantId, tenant, updateMask: { paths: ['status'] } }, ROOT);
        const suspended = { code: 'FAILED_PRECONDITION', reason: 'TENANT_SUSPENDED' };
        expect(await failureOf(enqueue('late'))).toMatchObject(suspended);
        expect(await failureOf(claim())).toMatchObject(suspended);
        const { deadLetterId = '' } = deadLetter ?? {};
        expect(await failureOf(queues.requeueDeadLetter({ tenantId, deadLetterId }, ROOT))).toMatchObject(suspended);
        await complete(held);
      });

      test('names have no control characters', async () => {
        const { enqueue, claim } = open();
        const refused = { reason: 'INVALID_FIELDS' };
        expect(await failureOf(enqueue('a\u0001'))).toMatchObject(refused);
        expect(await failureOf(enqueue('a', { queue: '\u0002default' }))).toMatchObject(refused);
        expect(await failureOf(claim({ queues: ['\u0001'] }))).toMatchObject(refused);
        expect(await failureOf(claim({ workerId: 'a\nb' }))).toMatchObject(refused);
      });

      test('a large payload comes back whole, from the run or from the free item that has it', async () => {
        const { tenantId, enqueue, take, complete } = open();
        const large = `"${'x'.repeat(100_000)}"`;
        await enqueue('i', { payload: json(large) });
        const held = await take();
        expect(held.payload?.value).toMatchObject({ case: 'ref', value: { size: 100_002n } });
        const ref = held.payload?.value.case === 'ref' ? held.payload.value.value : undefined;
        const payloads = createClient(PayloadService, door.transport(served.addresses));
        const chunks: Uint8Array[] = [];
        const request = { tenantId, itemId: 'i', ...(ref === undefined ? {} : { ref }) };
        for await (const { chunk } of payloads.downloadPayload(request, ROOT)) chunks.push(chunk);
        expect(Buffer.concat(chunks).toString()).toBe(large);
        const none = payloads
          .downloadPayload({ ...request, itemId: 'none' }, ROOT)
          [Symbol.asyncIterator]()
          .next();
        expect(await failureOf(none)).toMatchObject(NO_ITEM);
        await complete(held, { output: json(large) });
      });

      test('a thousand items that eight claim at a time go to one each', async () => {
        const { enqueue, claim, complete, startRun } = open();
        await startRun('r');
        const count = 1_000;
        for (let at = 0; at < count; at += 100) {
          const some = Array.from({ length: 100 }, (_, index) => at + index);
          await Promise.all(some.map((n) => enqueue(`i-${n}`, n % 2 === 0 ? {} : { runId: 'r' })));
        }
        const seen: string[] = [];
        const work = async (worker: number): Promise<void> => {
          for (;;) {
            const item = await claim({ workerId: `w-${worker}` });
            if (item === undefined) return;
            seen.push(item.itemId);
            await complete(item);
          }
        };
        await Promise.all(Array.from({ length: 8 }, (_, worker) => work(worker)));
        expect(seen).toHaveLength(count);
        expect(new Set(seen).size).toBe(count);
      });
    });
  });
}
