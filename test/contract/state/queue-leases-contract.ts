import { durationFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { WorkItemState } from '#gen/millrace/state/v1/work_item_pb.ts';
import { failureOf } from '#test/doors/failure.ts';
import { createMovedClock } from './moved-clock.ts';
import { holdOf, type QueueCalls, queueCalls } from './queue-calls.ts';
import { DOORS, ROOT, type ServedState, serveState, untilShown } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';
import { newSession } from './unary-calls.ts';

const LOST = { code: 'ABORTED', reason: 'LEASE_LOST' };
const NO_ITEM = { code: 'NOT_FOUND', reason: 'ITEM_NOT_FOUND' };
/** Three quarters of an hour: no lease of a test that says nothing lives so long. */
const LONG_MS = 2_700_000;

/** What QueueService promises of the leases of items, on any store and through both doors. */
export function queueLeasesContract(name: string, createHome: () => Promise<StateHome>): void {
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

      test('[11] a lease that is over is somebody else’s, with a larger fence; one without expiry never is', async () => {
        const { tenantId, queues, enqueue, take, claim } = open();
        await enqueue('i');
        const a = await take({ expiry: { case: 'ttl', value: { seconds: 60n } } });
        expect(timestampMs(a.lease?.expireTime as never) - timestampMs(a.lease?.leaseTime as never)).toBe(60_000);
        await forward(60_000);
        await forward(2_000);
        const b = await take({ workerId: 'w-2', expiry: { case: 'noExpiry', value: true } });
        expect(b).toMatchObject({ attempt: 2, lease: { noExpiry: true }, lastFailure: { type: 'LEASE_EXPIRED' } });
        expect(b.lease?.expireTime).toBeUndefined();
        expect(b.lease?.fence).toBeGreaterThan(a.lease?.fence ?? 0n);
        await forward(LONG_MS);
        expect(await claim()).toBeUndefined();
        const renewed = await queues.renewLease({ tenantId, ...holdOf(b), ttl: { seconds: 1n } }, ROOT);
        expect(renewed.lease).toMatchObject({ noExpiry: true, fence: b.lease?.fence });
        expect(renewed.lease?.expireTime).toBeUndefined();
      });

      test('[12, 13, 17] only the holder’s fence renews, to now + ttl; others are refused and change nothing', async () => {
        const { tenantId, queues, enqueue, take, complete } = open();
        await enqueue('i');
        const held = await take({ expiry: { case: 'ttl', value: { seconds: 60n } } });
        const ttl = { seconds: 300n };
        const { lease } = await queues.renewLease({ tenantId, ...holdOf(held), ttl }, ROOT);
        const leftMs = timestampMs(lease?.expireTime as never) - clock.now();
        expect(leftMs).toBeGreaterThan(290_000);
        expect(leftMs).toBeLessThanOrEqual(300_000);
        const stranger = { ...holdOf(held), workerId: 'w-2' };
        expect(await failureOf(queues.renewLease({ tenantId, ...stranger }, ROOT))).toMatchObject(LOST);
        const forged = { ...holdOf(held), fence: holdOf(held).fence + 1n };
        expect(await failureOf(queues.renewLease({ tenantId, ...forged }, ROOT))).toMatchObject(LOST);
        expect(await failureOf(queues.completeWorkItem({ tenantId, ...forged }, ROOT))).toMatchObject(LOST);
        const unfenced = queues.completeWorkItem({ tenantId, ...holdOf(held), fence: 0n }, ROOT);
        expect(await failureOf(unfenced)).toMatchObject({ code: 'INVALID_ARGUMENT' });
        const unknown = { ...holdOf(held), itemId: 'unknown' };
        expect(await failureOf(queues.renewLease({ tenantId, ...unknown }, ROOT))).toMatchObject(NO_ITEM);
        expect(await failureOf(queues.failWorkItem({ tenantId, ...unknown, failure: {} }, ROOT))).toMatchObject(
          NO_ITEM,
        );
        await complete(held);
      });

      test('[14, 15, 16] who lost the lease settles nothing; one settle counts, and a repeat is acknowledged', async () => {
        const { enqueue, take, complete, fail } = open();
        await enqueue('i');
        const a = await take({ expiry: { case: 'ttl', value: { seconds: 1n } } });
        await forward(1_000);
        expect(await failureOf(complete(a))).toMatchObject(LOST);
        await forward(2_000);
        const b = await take({ workerId: 'w-2' });
        expect(await failureOf(complete(a))).toMatchObject(LOST);
        expect(await failureOf(fail(a))).toMatchObject(LOST);
        const settled = await Promise.all(Array.from({ length: 16 }, () => complete(b)));
        expect(settled.every(({ item }) => item?.state === WorkItemState.COMPLETED)).toBe(true);
        expect(await failureOf(fail(b))).toMatchObject(LOST);
      });

      test('[64, 65] an expiry counts the attempt and waits 2 s, then 4 s; the third one is a dead letter', async () => {
        const { enqueue, take, claim } = open();
        await enqueue('i');
        const expiry = { case: 'ttl', value: { seconds: 1n } } as const;
        await take({ expiry });
        await forward(1_000);
        expect(await claim()).toBeUndefined();
        await forward(1_900);
        expect(await claim()).toBeUndefined();
        await forward(200);
        expect(await take({ expiry })).toMatchObject({ attempt: 2 });
        await forward(1_000);
        await forward(3_900);
        expect(await claim()).toBeUndefined();
        await forward(200);
        expect(await take({ expiry })).toMatchObject({ attempt: 3 });
        await forward(1_000);
        await forward(LONG_MS);
        expect(await claim()).toBeUndefined();
        expect((await enqueue('i')).item).toMatchObject({ state: WorkItemState.DEAD, attempt: 3 });
      });

      test('a session’s heartbeats keep the items that were claimed under it', async () => {
        const { tenantId, enqueue, take, complete } = open();
        await enqueue('i');
        await enqueue('j');
        const sessionId = newSession();
        const held = await take({ sessionId });
        expect(held.lease).toMatchObject({ sessionId, noExpiry: false });
        expect(held.lease?.expireTime).toBeUndefined();
        const dispatch = createClient(DispatchService, door.transport(served.addresses));
        for (let beats = 0; beats < 4; beats += 1) {
          await forward(20_000);
          await dispatch.extendWork({ tenantId, sessionId }, ROOT);
        }
        await complete(held);
        const lost = await take({ sessionId });
        await forward(31_000);
        expect(await failureOf(complete(lost))).toMatchObject(LOST);
      });

      test('[67] what failed comes back after its back-off or when it is told to, and what came too early at no cost', async () => {
        const { enqueue, take, fail, claim } = open();
        await enqueue('i');
        const failed = await fail(await take());
        expect(failed).toMatchObject({ deadLetterId: '', item: { attempt: 2, lastFailure: { type: 'Broken' } } });
        const delayMs = timestampMs(failed.item?.notBeforeTime as never) - clock.now();
        expect(delayMs).toBeGreaterThan(1_500);
        expect(delayMs).toBeLessThanOrEqual(2_000);
        await forward(2_000);
        const limited = await fail(await take(), { rateLimited: true, retryAfter: { seconds: 30n } });
        expect(limited.item).toMatchObject({ attempt: 2, state: WorkItemState.READY });
        await forward(29_000);
        expect(await claim()).toBeUndefined();
        await forward(1_000);
        const counted = await fail(await take(), {
          rateLimited: true,
          countAttempt: true,
          retryAfter: durationFromMs(0),
        });
        expect(counted.item).toMatchObject({ attempt: 3 });
        expect(await take()).toMatchObject({ attempt: 3 });
      });

      test('an operator ends a lease by force, at the cost of an attempt or not', async () => {
        const { tenantId, queues, enqueue, take, claim, complete } = open();
        await enqueue('i');
        const held = await take({ expiry: { case: 'noExpiry', value: true } });
        const work = { case: 'itemId', value: 'i' } as const;
        const { fence } = holdOf(held);
        const other = queues.forceRelease({ tenantId, work, fence: fence + 1n }, ROOT);
        expect(await failureOf(other)).toMatchObject(LOST);
        const requestId = `force-${tenantId}`;
        const released = await queues.forceRelease({ tenantId, work, requestId, reason: 'it hangs' }, ROOT);
        expect(released.lease).toMatchObject({ workerId: 'w-1', fence, noExpiry: true, itemId: 'i' });
        expect(await queues.forceRelease({ tenantId, work, requestId, reason: 'it hangs' }, ROOT)).toEqual(released);
        const noLease = { code: 'NOT_FOUND', reason: 'LEASE_NOT_FOUND' };
        expect(await failureOf(queues.forceRelease({ tenantId, work }, ROOT))).toMatchObject(noLease);
        const none = { case: 'itemId', value: 'none' } as const;
        expect(await failureOf(queues.forceRelease({ tenantId, work: none }, ROOT))).toMatchObject(NO_ITEM);
        expect(await failureOf(complete(held))).toMatchObject(LOST);
        const again = await take();
        expect(again.attempt).toBe(1);
        await queues.forceRelease({ tenantId, work, countAttempt: true }, ROOT);
        expect(await claim({ workerId: 'w-2' })).toMatchObject({ attempt: 2 });
      });
    });
  });
}
