import { describe, expect, test } from 'vitest';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { DOORS, ROOT } from '#test/contract/state/serve-state.ts';
import { stepOf, unaryCalls } from '#test/contract/state/unary-calls.ts';
import { failureOf } from '#test/doors/failure.ts';
import { describeServed, type RunsContract } from './describe-served.ts';

/** What becomes of a run that throws, and of those beside it. */
export const poisonedRunsContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      test('[93] a run that throws is quarantined and explained, and its neighbours go on', async () => {
        const { tenantId, runs, start, take, record, complete, read, kinds } = await unaryCalls(door, served());
        await start('poisoned');
        const poisoned = await take();
        await start('neighbour');
        const neighbour = await take();
        const key = { tenantId, runId: 'poisoned' };
        await ask(served().node.partitionOf(key), key, {
          intent: 'read',
          act: ({ hot }) => {
            Object.defineProperty(hot?.run, 'nodes', {
              get: () => {
                throw new RangeError('the fold is broken');
              },
            });
          },
        });
        const quarantined = { code: 'FAILED_PRECONDITION', reason: 'QUARANTINED' };
        await failureOf(record(poisoned, [stepOf(1)]));
        expect(await failureOf(record(poisoned, [stepOf(1)]))).toMatchObject(quarantined);
        expect(await failureOf(runs.cancelRun(key, ROOT))).toMatchObject(quarantined);
        const explained = await runs.explainRun(key, ROOT);
        expect(explained.run).toMatchObject({ runId: 'poisoned', quarantined: true });
        expect(explained.summary).toContain('the fold is broken');
        await record(neighbour, [stepOf(1)]);
        await complete(neighbour, 1);
        expect(await read('neighbour')).toMatchObject({ status: RunStatus.COMPLETED });
        expect(await kinds('neighbour')).toContain('stepRecorded');
      });
    });
  });
