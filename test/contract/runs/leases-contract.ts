import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { DOORS, ROOT } from '#test/contract/state/serve-state.ts';
import { json, leaseOf, stepOf, type UnaryCalls, unaryCalls } from '#test/contract/state/unary-calls.ts';
import { failureOf } from '#test/doors/failure.ts';
import { describeServed, type RunsContract } from './describe-served.ts';

const LOST = { code: 'ABORTED', reason: 'LEASE_LOST' };

/** Who may work on a run, through both doors. */
export const leasesContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<UnaryCalls> => unaryCalls(door, served());

      test('[10] of many who ask for one item at a time one gets it, and the others get nothing', async () => {
        const { start, poll } = await open();
        await start('r');
        const polls = Array.from({ length: 16 }, (_, at) => poll({ workerId: `w-${at}`, ttl: { seconds: 60n } }));
        const leased = (await Promise.all(polls)).flat();
        expect(leased).toHaveLength(1);
        expect(leased[0]?.fence).toBeGreaterThan(0n);
        expect(await poll({ workerId: 'late' })).toEqual([]);
      });

      test('[11, 14] who lost the lease to another writes nothing with it, and the other one does', async () => {
        const { tenantId, dispatch, start, take, record, complete, extend, kinds, read } = await open();
        await start('r');
        const a = await take({ workerId: 'a', ttl: { seconds: 1n } });
        await record(a, [stepOf(1)]);
        await sleep(1_050);
        const b = await take({ workerId: 'b' });
        expect(b).toMatchObject({ attempt: 2, stepCount: 1 });
        expect(b.fence).toBeGreaterThan(a.fence);
        const before = await kinds('r');
        const lease = leaseOf(a);
        const failure = { failure: { type: 'X', message: 'x' } };
        expect(await failureOf(record(a, [stepOf(2, '"a"')]))).toMatchObject(LOST);
        expect(await failureOf(complete(a, 1, '"a"'))).toMatchObject(LOST);
        expect(await failureOf(dispatch.failWork({ tenantId, lease, failure }, ROOT))).toMatchObject(LOST);
        expect(await extend(a)).toMatchObject({ lost: true });
        expect(await kinds('r')).toEqual(before);
        await record(b, [stepOf(2, '"b"')]);
        await complete(b, 2, '"b"');
        expect(await read('r')).toMatchObject({ output: { value: { value: '"b"' } } });
      });

      test('[17] an item that nobody has is completed by no fence', async () => {
        const { tenantId, dispatch, start, take, complete, kinds } = await open();
        await start('r');
        const released = await take();
        await dispatch.releaseWork({ tenantId, lease: leaseOf(released) }, ROOT);
        const before = await kinds('r');
        for (const fence of [1n, released.fence, released.fence + 1n]) {
          expect(await failureOf(complete({ ...leaseOf(released), fence }, 0))).toMatchObject(LOST);
        }
        const none = { ...leaseOf(released), fence: 0n };
        const refused = dispatch.completeWork({ tenantId, lease: none, completion: { output: json('1') } }, ROOT);
        expect(await failureOf(refused)).toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect(await kinds('r')).toEqual(before);
      });
    });
  });
