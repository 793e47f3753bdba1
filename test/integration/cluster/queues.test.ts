import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { WorkItem } from '#gen/millrace/state/v1/work_item_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { startNodePair } from '#test/fault/cluster/node-pair.ts';
import { describeRunsInMongo } from '#test/fault/runs/with-stores.ts';

const ITEMS = Array.from({ length: 32 }, (_, index) => `item-${index}`);
const WAIT = { seconds: 20n };

const idsOf = (items: readonly (WorkItem | undefined)[]): readonly string[] =>
  items.map((item) => item?.itemId ?? 'none').toSorted();

describeRunsInMongo('the queues of two nodes', (home) => {
  test('are one queue, whichever node is asked, and what was claimed outlives the node that has it', {
    timeout: 120_000,
  }, async () => {
    await using pair = await startNodePair(home.newStore(), home.folder());
    await using toNear = createChannel({ address: pair.near.address });
    await using toFar = createChannel({ address: pair.far.address });
    const near = createClient(QueueService, toNear);
    const far = createClient(QueueService, toFar);
    const claim = async (client: typeof near, more: object = {}): Promise<WorkItem | undefined> =>
      (await client.claimWorkItem({ workerId: 'w', ...more })).item;
    const complete = async ({ itemId, lease }: WorkItem): Promise<void> => {
      await near.completeWorkItem({ itemId, workerId: lease?.workerId ?? '', fence: lease?.fence ?? 0n });
    };

    // What is there is found, node by node, each item once.
    await Promise.all(ITEMS.map((itemId) => far.enqueueWorkItem({ itemId })));
    const taken: WorkItem[] = [];
    const drain = async (client: typeof near, workerId: string): Promise<void> => {
      for (;;) {
        const item = await claim(client, { workerId });
        if (item === undefined) return;
        taken.push(item);
        await complete(item);
      }
    };
    await Promise.all([drain(near, 'a'), drain(near, 'b'), drain(far, 'c')]);
    expect(idsOf(taken)).toEqual(ITEMS.toSorted());
    expect(taken.every(({ attempt }) => attempt === 1)).toBe(true);

    // Claims that wait are woken by an item of any node; those that come too late for one wait on for the next.
    const waiting = [near, far, near, far].map((client, at) => claim(client, { workerId: `w-${at}`, wait: WAIT }));
    await sleep(200);
    const late = ['late-0', 'late-1', 'late-2', 'late-3'];
    for (const itemId of late) await near.enqueueWorkItem({ itemId });
    const woken = await Promise.all(waiting);
    expect(idsOf(woken)).toEqual(late);
    expect(woken.every((item) => item?.attempt === 1)).toBe(true);
    for (const item of woken) if (item !== undefined) await complete(item);

    // A caller that leaves takes nothing along.
    const caller = new AbortController();
    const gone = near.claimWorkItem({ workerId: 'gone', wait: WAIT }, { signal: caller.signal }).catch(() => undefined);
    await sleep(200);
    caller.abort();
    await gone;
    await sleep(200);
    await Promise.all(ITEMS.map((itemId) => near.enqueueWorkItem({ itemId: `after-${itemId}` })));
    const after: (WorkItem | undefined)[] = [];
    for (const _item of ITEMS) after.push(await claim(far, { wait: WAIT }));
    expect(idsOf(after)).toEqual(ITEMS.map((itemId) => `after-${itemId}`).toSorted());
    expect(after.every((item) => item?.attempt === 1)).toBe(true);

    // The same request is the same claim at every node, and after the owner of either was killed.
    const requests = ITEMS.slice(0, 8).map((id) => `request-${id}`);
    for (const id of requests) await near.enqueueWorkItem({ itemId: `kept-${id}`, maxAttempts: 1 });
    const expiry = { case: 'ttl', value: { seconds: 600n } } as const;
    const first = await Promise.all(requests.map((requestId) => claim(far, { requestId, expiry })));
    expect(idsOf(first)).toEqual(requests.map((id) => `kept-${id}`).toSorted());
    expect(await Promise.all(requests.map((requestId) => claim(near, { requestId, expiry })))).toEqual(first);
    await pair.far.kill();
    const again = await Promise.all(requests.map((requestId) => claim(near, { requestId, expiry })));
    expect(again).toEqual(first);
    for (const item of again) if (item !== undefined) await complete(item);
    expect(await claim(near)).toBeUndefined();

    // Dead letters of any node are found at the one that is left.
    await near.enqueueWorkItem({ itemId: 'dead', maxAttempts: 1 });
    const dead = await claim(near);
    const hold = { itemId: 'dead', workerId: 'w', fence: dead?.lease?.fence ?? 0n };
    const { deadLetterId } = await near.failWorkItem({ ...hold, failure: { type: 'Broken' } });
    await pair.restore();
    const { deadLetter } = await near.getDeadLetter({ deadLetterId });
    expect(deadLetter?.item?.itemId).toBe('dead');
    expect((await near.purgeDeadLetters({ all: true })).purged).toBe(1n);
  });
});
