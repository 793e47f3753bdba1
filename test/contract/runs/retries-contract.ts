import { timestampMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { DefinitionInit } from '#test/contract/state/definition-calls.ts';
import { DOORS, ROOT } from '#test/contract/state/serve-state.ts';
import { leaseOf, type UnaryCalls, unaryCalls } from '#test/contract/state/unary-calls.ts';
import { describeServed, type RunsContract } from './describe-served.ts';

type Retry = NonNullable<NonNullable<DefinitionInit['settings']>['retry']>;

const DEFINITIONS = [{ workflow: 'flaky', version: '1' }];

/** Fails every attempt of a run, and answers how long each of them made the next one wait. */
async function failAll(calls: UnaryCalls, type: string): Promise<readonly number[]> {
  const { tenantId, dispatch, take } = calls;
  const waits: number[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const assignment = await take({ definitions: DEFINITIONS });
    expect(assignment).toMatchObject({ attempt });
    const failure = { failure: { type, message: `attempt ${attempt}` } };
    const { retryTime } = await dispatch.failWork({ tenantId, lease: leaseOf(assignment), failure }, ROOT);
    if (retryTime === undefined) return waits;
    const { events } = await dispatch.getHistory({ tenantId, runId: 'r', pageSize: 1_000 }, ROOT);
    const failed = events.findLast(({ kind }) => kind.case === 'taskFailed');
    if (failed?.eventTime === undefined) throw new TypeError('the failure has no time');
    waits.push(timestampMs(retryTime) - timestampMs(failed.eventTime));
  }
}

/** When a function that failed is tried again, through both doors. */
export const retriesContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      async function open(retry: Retry): Promise<UnaryCalls> {
        const calls = await unaryCalls(door, served());
        await calls.put('flaky', { settings: { retry } });
        await calls.start('r', { workflow: 'flaky' });
        return calls;
      }

      test('[43] four attempts wait 100, 200 and 400 ms, then the run has failed with the last error', async () => {
        const calls = await open({ maxAttempts: 4, initialInterval: { nanos: 100_000_000 }, multiplier: 2, jitter: 0 });
        const before = performance.now();
        expect(await failAll(calls, 'Broken')).toEqual([100, 200, 400]);
        expect(performance.now() - before).toBeGreaterThan(695);
        const run = await calls.read('r');
        expect(run).toMatchObject({
          status: RunStatus.FAILED,
          failure: { type: 'Broken', message: 'attempt 4' },
        });
        expect((await calls.kinds('r')).filter((kind) => kind === 'taskLeased')).toHaveLength(4);
        expect(await calls.poll({ definitions: DEFINITIONS })).toEqual([]);
      });

      test('[43] no wait is longer than the longest interval', async () => {
        const interval = { initialInterval: { nanos: 50_000_000 }, maxInterval: { nanos: 120_000_000 } };
        const calls = await open({ maxAttempts: 4, ...interval, multiplier: 10, jitter: 0 });
        expect(await failAll(calls, 'Broken')).toEqual([50, 120, 120]);
      });

      test('[43] waits with jitter stay within its bounds', async () => {
        const calls = await open({
          maxAttempts: 4,
          initialInterval: { nanos: 100_000_000 },
          multiplier: 1,
          jitter: 0.5,
        });
        for (const waitMs of await failAll(calls, 'Broken')) {
          expect(waitMs).toBeGreaterThanOrEqual(50);
          expect(waitMs).toBeLessThanOrEqual(150);
        }
      });

      test('[43] one attempt is not tried again, and [44] a type that no retry helps neither', async () => {
        expect(await failAll(await open({ maxAttempts: 1 }), 'Broken')).toEqual([]);
        const calls = await open({ maxAttempts: 4, nonRetryable: ['Fatal'] });
        expect(await failAll(calls, 'Fatal')).toEqual([]);
        expect(await calls.read('r')).toMatchObject({ status: RunStatus.FAILED, failure: { type: 'Fatal' } });
      });
    });
  });
