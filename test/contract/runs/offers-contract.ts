import { describe, expect, test } from 'vitest';
import type { Assignment } from '#gen/millrace/state/v1/work_down_pb.ts';
import { DOORS, ROOT } from '#test/contract/state/serve-state.ts';
import { leaseOf, type UnaryCalls, unaryCalls } from '#test/contract/state/unary-calls.ts';
import { describeServed, type RunsContract } from './describe-served.ts';

const FAILURE = { failure: { type: 'Broken', message: 'it broke' } };
const idsOf = (assignments: readonly Assignment[]): readonly string[] => assignments.map(({ runId }) => runId);

/** Which work is offered to whom, and in which order, through both doors. */
export const offersContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<UnaryCalls> => unaryCalls(door, served());

      test('[19] what is most urgent is first, and of equal priority the oldest', async () => {
        const { start, poll } = await open();
        for (const [runId, priority] of [
          ['five', 5],
          ['three', 3],
          ['one', 1],
          ['three-younger', 3],
        ] as const) {
          await start(runId, { priority });
        }
        expect(idsOf(await poll({ maxItems: 10 }))).toEqual(['one', 'three', 'three-younger', 'five']);
      });

      test('[21] a worker gets what its tags cover, and one without tags only what has none', async () => {
        const { start, poll } = await open();
        await start('gpu', { tags: ['gpu'] });
        await start('both', { tags: ['gpu', 'eu'] });
        const maxItems = 10;
        expect(await poll({ maxItems })).toEqual([]);
        expect(await poll({ maxItems, tags: ['cpu'] })).toEqual([]);
        expect(idsOf(await poll({ maxItems, tags: ['gpu', 'x'] }))).toEqual(['gpu']);
        expect(idsOf(await poll({ maxItems, tags: ['gpu', 'eu'] }))).toEqual(['both']);
        await start('none-1');
        await start('none-2');
        expect(idsOf(await poll({ tags: ['cpu'] }))).toEqual(['none-1']);
        expect(idsOf(await poll())).toEqual(['none-2']);
      });

      test('[22] the most urgent are chosen among all, not among the first that came', async () => {
        const { start, poll } = await open();
        for (let at = 0; at < 20; at += 1) await start(`late-${at}`, { priority: 5 });
        await start('urgent', { priority: 1 });
        expect(idsOf(await poll({ maxItems: 1 }))).toEqual(['urgent']);
        expect(await poll({ maxItems: 7 })).toHaveLength(7);
      });

      test('[23] what has ended, is cancelled, or is to be tried later is not offered', async () => {
        const { tenantId, dispatch, put, runs, start, take, poll, complete } = await open();
        const retry = { maxAttempts: 2, initialInterval: { nanos: 400_000_000 }, jitter: 0 };
        await put('flaky', { settings: { retry } });
        await start('over');
        await complete(await take(), 0);
        await start('cancelled');
        await runs.cancelRun({ tenantId, runId: 'cancelled' }, ROOT);
        await start('terminated');
        await runs.terminateRun({ tenantId, runId: 'terminated' }, ROOT);
        await start('later', { workflow: 'flaky' });
        const definitions = ['order', 'flaky'].map((workflow) => ({ workflow, version: '1' }));
        const first = await take({ definitions });
        const before = performance.now();
        await dispatch.failWork({ tenantId, lease: leaseOf(first), failure: FAILURE }, ROOT);
        expect(await poll({ definitions, maxItems: 10 })).toEqual([]);
        expect(await take({ definitions })).toMatchObject({ runId: 'later', attempt: 2 });
        expect(performance.now() - before).toBeGreaterThan(395);
      });

      test('[24] who failed sees the item after the others, everybody else in its order', async () => {
        const definitions = [{ workflow: 'flaky', version: '1' }];
        const retry = { maxAttempts: 2, initialInterval: { nanos: 20_000_000 }, jitter: 0 };
        for (const [workerId, expected] of [
          ['w-1', ['other', 'failed']],
          ['w-2', ['failed', 'other']],
        ] as const) {
          const { tenantId, dispatch, put, start, take, poll, read } = await open();
          await put('flaky', { settings: { retry } });
          await start('failed', { workflow: 'flaky', priority: 1 });
          const lease = leaseOf(await take({ definitions, workerId: 'w-1' }));
          await dispatch.failWork({ tenantId, lease, failure: FAILURE }, ROOT);
          await start('other', { workflow: 'flaky', priority: 5 });
          // Its retry is due after a moment; a poll that looks too early finds only the other one.
          await new Promise((resolve) => setTimeout(resolve, 100));
          expect(await read('failed')).toBeDefined();
          expect(idsOf(await poll({ definitions, workerId, maxItems: 2 }))).toEqual(expected);
        }
      });
    });
  });
