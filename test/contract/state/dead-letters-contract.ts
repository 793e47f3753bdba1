import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuditService } from '#gen/millrace/state/v1/audit_service_pb.ts';
import { DeadLetterReason } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import { type WorkItem, WorkItemState } from '#gen/millrace/state/v1/work_item_pb.ts';
import { failureOf } from '#test/doors/failure.ts';
import { createMovedClock } from './moved-clock.ts';
import { holdOf, type QueueCalls, queueCalls } from './queue-calls.ts';
import { DOORS, GRPC, newTenant, ROOT, type ServedState, serveState, untilShown } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';
import { json } from './unary-calls.ts';

const NOT_FOUND = { code: 'NOT_FOUND', reason: 'DEAD_LETTER_NOT_FOUND' };
const FAILURE = { type: 'Broken', message: 'no' };

/** Makes a dead letter of a fresh item; answers its id. */
async function kill(
  { enqueue, take, fail }: QueueCalls,
  itemId: string,
  more: { readonly queue?: string; readonly runId?: string } = {},
): Promise<string> {
  await enqueue(itemId, { maxAttempts: 1, payload: json('{"n":1}'), ...more });
  return (await fail(await take({ queues: [more.queue ?? 'default'] }))).deadLetterId;
}

/** What QueueService promises of dead letters and of the leases that expire, on any store and through both doors. */
export function deadLettersContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    const clock = createMovedClock();
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      served = stack.use(await serveState(stack.use(await home.openState()), {}, { world: { clock } }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    async function forward(ms: number): Promise<void> {
      await untilShown(served);
      await clock.forward(ms);
    }

    describe.each(DOORS)('by $name', (door) => {
      const open = (): QueueCalls => queueCalls(door, served);

      test('[66] the last failure makes a dead letter, which keeps payload, attempts and errors', async () => {
        const calls = open();
        const { tenantId, queues, enqueue, take, fail, claim } = calls;
        await enqueue('i', { maxAttempts: 2, payload: json('{"n":1}'), priority: 2 });
        await fail(await take({ workerId: 'a' }), { retryAfter: { seconds: 0n }, failure: { type: 'First' } });
        const limited = await take({ workerId: 'b' });
        await fail(limited, { rateLimited: true, retryAfter: { seconds: 0n } });
        const died = await fail(await take({ workerId: 'b' }), { failure: { type: 'Second', message: 'again' } });
        expect(died.item).toMatchObject({ state: WorkItemState.DEAD, attempt: 2, lastFailure: { type: 'Second' } });
        const { deadLetterId } = died;
        expect(deadLetterId).not.toBe('');
        const { deadLetter } = await queues.getDeadLetter({ tenantId, deadLetterId }, ROOT);
        expect(deadLetter).toMatchObject({
          deadLetterId,
          reason: DeadLetterReason.EXHAUSTED,
          movedBy: '',
          item: {
            itemId: 'i',
            runId: '',
            queue: 'default',
            attempt: 2,
            maxAttempts: 2,
            priority: 2,
            state: WorkItemState.DEAD,
            payload: { value: { case: 'json', value: '{"n":1}' } },
            lastFailure: { type: 'Second' },
          },
          attempts: [
            { attempt: 1, workerId: 'a', failure: { type: 'First' } },
            { attempt: 2, workerId: 'b', failure: { type: 'Second', message: 'again' } },
          ],
        });
        for (const { startTime, endTime } of deadLetter?.attempts ?? []) {
          expect(timestampMs(startTime as never)).toBeLessThanOrEqual(timestampMs(endTime as never));
        }
        expect(await claim({ workerId: 'c' })).toBeUndefined();
        expect(await failureOf(queues.getDeadLetter({ tenantId, deadLetterId: 'none' }, ROOT))).toMatchObject(
          NOT_FOUND,
        );
        const stranger = { tenantId: open().tenantId, deadLetterId };
        expect(await failureOf(queues.getDeadLetter(stranger, ROOT))).toMatchObject(NOT_FOUND);
      });

      test('[66] a requeue resets the attempts, is audited and answers a repeat; a second one finds nothing', async () => {
        const calls = open();
        const { tenantId, queues, take, fail, startRun } = calls;
        await startRun('r');
        for (const runId of ['', 'r']) {
          const deadLetterId = await kill(calls, 'i', { runId });
          const requestId = `requeue-${tenantId}-${runId}`;
          const request = { tenantId, deadLetterId, requestId };
          const requeued = await queues.requeueDeadLetter(request, ROOT);
          expect(requeued.item).toMatchObject({ itemId: 'i', runId, attempt: 1, state: WorkItemState.READY });
          expect(await queues.requeueDeadLetter(request, ROOT)).toEqual(requeued);
          const notBeforeTime = timestampFromMs(clock.now());
          expect(await failureOf(queues.requeueDeadLetter({ ...request, notBeforeTime }, ROOT))).toMatchObject({
            reason: 'REQUEST_ID_REUSED',
          });
          const again = queues.requeueDeadLetter({ tenantId, deadLetterId }, ROOT);
          expect(await failureOf(again)).toMatchObject(NOT_FOUND);
          expect(await failureOf(queues.getDeadLetter({ tenantId, deadLetterId }, ROOT))).toMatchObject(NOT_FOUND);
          const audit = createClient(AuditService, door.transport(served.addresses));
          const { entries } = await audit.listEntries({ tenantId, filter: { targetId: deadLetterId } }, ROOT);
          const action = 'millrace.state.v1.QueueService/RequeueDeadLetter';
          expect(entries).toMatchObject([
            { action, targetKind: 'dead_letter', details: { item_id: 'i', run_id: runId } },
          ]);
          const taken = await take({ workerId: 'w-2' });
          expect(taken).toMatchObject({ attempt: 1, payload: { value: { value: '{"n":1}' } } });
          const next = await fail(taken);
          expect(next.deadLetterId).not.toBe(deadLetterId);
          const { deadLetter } = await queues.getDeadLetter({ tenantId, deadLetterId: next.deadLetterId }, ROOT);
          expect(deadLetter?.attempts).toHaveLength(1);
        }
      });

      test('a requeued item may wait for its time', async () => {
        const calls = open();
        const { tenantId, queues, claim } = calls;
        const deadLetterId = await kill(calls, 'i');
        const notBeforeTime = timestampFromMs(clock.now() + 60_000);
        await queues.requeueDeadLetter({ tenantId, deadLetterId, notBeforeTime }, ROOT);
        expect(await claim()).toBeUndefined();
        await forward(60_000);
        expect(await claim()).toMatchObject({ itemId: 'i', attempt: 1 });
      });

      test('[66] an item of a run that has ended stays a dead letter, and can be removed', async () => {
        const calls = open();
        const { tenantId, queues, runs, startRun } = calls;
        await startRun('r');
        const deadLetterId = await kill(calls, 'i', { runId: 'r' });
        await runs.terminateRun({ tenantId, runId: 'r' }, ROOT);
        const refused = { code: 'FAILED_PRECONDITION', reason: 'RUN_TERMINAL' };
        expect(await failureOf(queues.requeueDeadLetter({ tenantId, deadLetterId }, ROOT))).toMatchObject(refused);
        const { deadLetter } = await queues.getDeadLetter({ tenantId, deadLetterId }, ROOT);
        expect(deadLetter?.item).toMatchObject({ itemId: 'i', payload: { value: { value: '{"n":1}' } } });
        const purge = { tenantId, deadLetterIds: [deadLetterId] };
        expect((await queues.purgeDeadLetters(purge, ROOT)).purged).toBe(1n);
        expect((await queues.purgeDeadLetters(purge, ROOT)).purged).toBe(0n);
        expect(await failureOf(queues.getDeadLetter({ tenantId, deadLetterId }, ROOT))).toMatchObject(NOT_FOUND);
        // Its rows are written once more when another incarnation takes its place.
        await runs.startRun({ tenantId, runId: 'r', workflow: 'remote', driver: 2, conflictPolicy: 3 }, ROOT);
        await untilShown(served);
        expect((await queues.listDeadLetters({ tenantId }, ROOT)).deadLetters).toEqual([]);
      });

      test('the dead letters of a run go when the run is deleted', async () => {
        const calls = open();
        const { tenantId, queues, runs, startRun } = calls;
        await startRun('r');
        const deadLetterId = await kill(calls, 'i', { runId: 'r' });
        await runs.deleteRun({ tenantId, runId: 'r' }, ROOT);
        expect(await failureOf(queues.getDeadLetter({ tenantId, deadLetterId }, ROOT))).toMatchObject(NOT_FOUND);
        await untilShown(served);
        const left = async (): Promise<number> => (await queues.listDeadLetters({ tenantId }, ROOT)).deadLetters.length;
        await expect.poll(left, { timeout: 10_000 }).toBe(0);
      });

      test('[68] what does not decode is a dead letter at once', async () => {
        const { tenantId, queues, enqueue, take, fail } = open();
        await enqueue('i');
        const { deadLetterId } = await fail(await take(), { poison: true, failure: { type: 'Poison' } });
        const { deadLetter } = await queues.getDeadLetter({ tenantId, deadLetterId }, ROOT);
        expect(deadLetter).toMatchObject({ reason: DeadLetterReason.POISON, attempts: [{ attempt: 1 }] });
      });

      test('an item is moved by who has it, by anybody while nobody has it, and by an operator at any time', async () => {
        const { tenantId, queues, enqueue, take, complete } = open();
        const move = (itemId: string, fence?: bigint): ReturnType<typeof queues.moveToDeadLetter> =>
          queues.moveToDeadLetter(
            { tenantId, itemId, failure: FAILURE, ...(fence === undefined ? {} : { fence }) },
            ROOT,
          );
        await enqueue('free');
        const { deadLetter } = await move('free');
        expect(deadLetter).toMatchObject({
          reason: DeadLetterReason.MOVED,
          movedBy: 'token-root',
          item: { itemId: 'free', state: WorkItemState.DEAD, lastFailure: FAILURE },
          attempts: [],
        });
        expect(await move('free')).toMatchObject({ deadLetter: { deadLetterId: deadLetter?.deadLetterId } });
        await enqueue('held');
        const held = await take();
        expect(await failureOf(move('held', holdOf(held).fence + 1n))).toMatchObject({ reason: 'LEASE_LOST' });
        const moved = await move('held', holdOf(held).fence);
        expect(moved.deadLetter?.attempts).toMatchObject([{ attempt: 1, workerId: 'w-1', failure: FAILURE }]);
        expect(await failureOf(complete(held))).toMatchObject({ reason: 'LEASE_LOST' });
        await enqueue('taken');
        await take();
        expect((await move('taken')).deadLetter?.reason).toBe(DeadLetterReason.MOVED);
        expect(await failureOf(move('none'))).toMatchObject({ reason: 'ITEM_NOT_FOUND' });
      });

      test('dead letters are listed newest first, by page and by filter, without payloads', async () => {
        const calls = open();
        const { tenantId, queues, startRun, enqueue, take, fail } = calls;
        await startRun('r');
        const ids: string[] = [];
        for (const [at, more] of [{}, { queue: 'mail' }, { runId: 'r' }, { runId: 'r', queue: 'mail' }].entries()) {
          ids.unshift(await kill(calls, `i-${at}`, more));
          await forward(1_000);
        }
        await enqueue('poison');
        ids.unshift((await fail(await take(), { poison: true, failure: { type: 'Poison' } })).deadLetterId);
        await untilShown(served);
        const listed = async (filter = {}, page = {}): Promise<readonly string[]> => {
          const { deadLetters } = await queues.listDeadLetters({ tenantId, filter, ...page }, ROOT);
          return deadLetters.map(({ deadLetterId }) => deadLetterId);
        };
        expect(await listed()).toEqual(ids);
        expect(await listed({ queue: 'mail' })).toEqual([ids[1], ids[3]]);
        expect(await listed({ runId: 'r' })).toEqual([ids[1], ids[2]]);
        expect(await listed({ workflow: 'remote' })).toEqual([ids[1], ids[2]]);
        expect(await listed({ reason: DeadLetterReason.POISON })).toEqual([ids[0]]);
        expect(await listed({ failureType: 'Broken', queue: 'mail' })).toEqual([ids[1], ids[3]]);
        const { deadLetters } = await queues.listDeadLetters({ tenantId }, ROOT);
        expect(deadLetters[1]).toMatchObject({
          item: { itemId: 'i-3', runId: 'r', queue: 'mail', attempt: 1, maxAttempts: 1, lastFailure: FAILURE },
          attempts: [{ attempt: 1, workerId: 'w-1', failure: FAILURE }],
        });
        expect(deadLetters[1]?.item?.payload).toBeUndefined();
        const third = deadLetters[2]?.deadTime as never;
        expect(await listed({ minDeadTime: third })).toEqual(ids.slice(0, 3));
        expect(await listed({ maxDeadTime: third })).toEqual(ids.slice(3));
        const first = await queues.listDeadLetters({ tenantId, pageSize: 3 }, ROOT);
        expect(first.deadLetters).toHaveLength(3);
        const next = { tenantId, pageSize: 3, pageToken: first.nextPageToken };
        const second = await queues.listDeadLetters(next, ROOT);
        expect(second.deadLetters.map(({ deadLetterId }) => deadLetterId)).toEqual(ids.slice(3));
        expect(second.nextPageToken).toBe('');
        const wrong = queues.listDeadLetters({ ...next, filter: { queue: 'mail' } }, ROOT);
        expect(await failureOf(wrong)).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
      });

      test('[66] a purge removes those that are named, those of a filter, or all; an empty one nothing', async () => {
        const calls = open();
        const { tenantId, queues, startRun, enqueue } = calls;
        await startRun('r');
        const first = await kill(calls, 'a');
        await kill(calls, 'b', { runId: 'r', queue: 'mail' });
        await kill(calls, 'c', { queue: 'mail' });
        await kill(calls, 'd', { runId: 'r' });
        const purge = async (request: object): Promise<bigint> =>
          (await queues.purgeDeadLetters({ ...request, tenantId }, ROOT)).purged;
        expect(await purge({})).toBe(0n);
        const requestId = `purge-${tenantId}`;
        expect(await purge({ deadLetterIds: [first, first, 'none'], requestId })).toBe(1n);
        expect(await purge({ deadLetterIds: [first, first, 'none'], requestId })).toBe(1n);
        expect(await purge({ deadLetterIds: [first] })).toBe(0n);
        expect(await purge({ filter: { queue: 'mail' } })).toBe(2n);
        expect(await purge({ all: true })).toBe(1n);
        await untilShown(served);
        expect((await queues.listDeadLetters({ tenantId }, ROOT)).deadLetters).toEqual([]);
        const { created } = await enqueue('a');
        expect(created).toBe(true);
      });

      test('[64] a lease that is over is reclaimed by the one path, whether or not anybody asks', async () => {
        const calls = open();
        const { tenantId, queues, enqueue, take } = calls;
        await enqueue('retry');
        await enqueue('exhausted', { maxAttempts: 1 });
        await enqueue('other', { queue: 'mail' });
        const expiry = { case: 'ttl', value: { seconds: 1n } } as const;
        const held: WorkItem[] = [
          await take({ expiry }),
          await take({ expiry }),
          await take({ expiry, queues: ['mail'] }),
        ];
        expect(held).toHaveLength(3);
        const request = { tenantId, queues: ['default'] };
        const early = await queues.reclaimExpiredLeases(request, ROOT);
        expect(early).toMatchObject({ retryable: [], exhausted: [], more: false });
        await untilShown(served);
        // The clock goes on, and its timers have not rung yet.
        clock.jump(1_000);
        const requestId = `reclaim-${tenantId}`;
        const page = await queues.reclaimExpiredLeases({ ...request, pageSize: 1, requestId }, ROOT);
        expect(page.retryable.length + page.exhausted.length).toBe(1);
        expect(page.more).toBe(true);
        expect(await queues.reclaimExpiredLeases({ ...request, pageSize: 1, requestId }, ROOT)).toEqual(page);
        const rest = await queues.reclaimExpiredLeases(request, ROOT);
        const retryable = [...page.retryable, ...rest.retryable];
        const exhausted = [...page.exhausted, ...rest.exhausted];
        expect(retryable).toMatchObject([{ itemId: 'retry', attempt: 2, lastFailure: { type: 'LEASE_EXPIRED' } }]);
        expect(exhausted).toMatchObject([{ itemId: 'exhausted', state: WorkItemState.DEAD }]);
        expect(retryable[0]?.notBeforeTime).toBeDefined();
        const { deadLetters } = await queues.listDeadLetters({ tenantId }, ROOT);
        expect(deadLetters).toMatchObject([{ reason: DeadLetterReason.EXPIRED, item: { itemId: 'exhausted' } }]);
        const all = await queues.reclaimExpiredLeases({ tenantId }, ROOT);
        expect(all.retryable.map(({ itemId }) => itemId)).toEqual(['other']);
      });
    });

    test('[18, 41, 66] dead letters and claims stand after their node has gone, and so does what is done with them', async () => {
      const [door = GRPC] = DOORS;
      await using own = await createHome();
      const tenantId = newTenant();
      const requestId = 'claim';
      let deadLetterId = '';
      let claimed: WorkItem | undefined;
      const request = (): object => ({ tenantId, deadLetterId, requestId: 'requeue' });
      {
        await using store = await own.openState();
        await using node = await serveState(store);
        const calls = queueCalls(door, node, tenantId);
        deadLetterId = await kill(calls, 'i');
        await calls.enqueue('j', { payload: json('7') });
        claimed = await calls.claim({ requestId });
        expect(claimed?.itemId).toBe('j');
      }
      {
        await using store = await own.openState();
        await using node = await serveState(store);
        const { queues, claim, complete, take } = queueCalls(door, node, tenantId);
        expect(await claim({ requestId })).toEqual(claimed);
        if (claimed !== undefined) await complete(claimed);
        const { deadLetter } = await queues.getDeadLetter({ tenantId, deadLetterId }, ROOT);
        const payload = { value: { value: '{"n":1}' } };
        expect(deadLetter).toMatchObject({ item: { payload }, attempts: [{ workerId: 'w-1' }] });
        await queues.requeueDeadLetter(request(), ROOT);
        const again = await take({ workerId: 'w-2' });
        expect(again).toMatchObject({ itemId: 'i', attempt: 1, payload });
        expect(again.lease?.fence).toBeGreaterThan(claimed?.lease?.fence ?? 0n);
      }
      await using store = await own.openState();
      await using node = await serveState(store);
      const { queues } = queueCalls(door, node, tenantId);
      const { item } = await queues.requeueDeadLetter(request(), ROOT);
      expect(item).toMatchObject({ itemId: 'i', attempt: 1 });
      await untilShown(node);
      expect((await queues.listDeadLetters({ tenantId }, ROOT)).deadLetters).toEqual([]);
    });
  });
}
