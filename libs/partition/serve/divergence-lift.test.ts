import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { PartitionEvent } from '../state/partition-event.ts';
import { createPartitionState, evolvePartition } from '../state/partition-state.ts';
import type { Clock } from '../timers/clock.ts';
import { startDivergenceLift } from './divergence-lift.ts';
import type { RunTask } from './run-task.ts';
import type { RunningRuns } from './running-runs.ts';

interface Visit {
  readonly runId: string;
  readonly task: RunTask;
}

/** A partition of which a test answers every visit. */
function createWorld(count: number) {
  const state = createPartitionState();
  for (let index = 0; index < count; index += 1) {
    const run = { tenantId: 't', runId: `r${index}`, incarnation: 'i', workflow: 'order', version: '1' };
    evolvePartition(state, { kind: 'divergenceNoted', ...run, build: 'b1' });
  }
  const visits: Visit[] = [];
  const timers: (() => void)[] = [];
  const troubles: string[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    setTimer: (_ms, fn) => {
      timers.push(fn);
      return () => void timers.splice(timers.indexOf(fn), 1);
    },
    setNextTurn: () => () => undefined,
  };
  const visit = (key: RunKey, task: RunTask): void => void visits.push({ runId: key.runId, task });
  const onTrouble = (what: string): void => void troubles.push(what);
  const record = (event: PartitionEvent): void => evolvePartition(state, event);
  const running: RunningRuns = async function* () {
    yield [
      { tenantId: 't', runId: 'unnoted-1' },
      { tenantId: 't', runId: 'unnoted-2' },
    ];
    yield [{ tenantId: 't', runId: 'unnoted-3' }];
  };
  const lift = startDivergenceLift({ partition: { state, visit, record }, clock, running, onTrouble });

  /** Ends the visits that are under way as a partition does that has lifted the divergence, or refuses it. */
  async function settle(error?: DomainError): Promise<number> {
    const under = visits.splice(0);
    for (const { runId, task } of under) {
      if (error !== undefined) {
        task.fail(error);
        continue;
      }
      evolvePartition(state, { kind: 'divergenceLifted', tenantId: 't', runId });
      task.act({ hot: undefined } as never);
    }
    await nextTurn();
    return under.length;
  }
  return { state, lift, visits, timers, troubles, settle };
}

test('runs are looked at in slices, however many have diverged', async () => {
  const { state, lift, settle } = createWorld(150);
  lift.announce('t', 'order@1', 'b2');
  expect([await settle(), await settle(), await settle(), await settle()]).toEqual([64, 64, 22, 0]);
  expect(state.diverged.size).toBe(0);
});

test('announcements that say the same wait once, and one of the build that diverged looks at nothing', async () => {
  const { lift, visits, settle } = createWorld(1);
  lift.announce('t', 'order@1', 'b1');
  lift.announce('t', 'order@2', 'b2');
  lift.announce('u', 'order@1', 'b2');
  for (let count = 0; count < 10; count += 1) lift.announce('t', 'order@1', 'b2');
  await nextTurn();
  expect(visits).toHaveLength(1);
  expect([await settle(), await settle()]).toEqual([1, 0]);
});

test('a run is looked at again for which nothing could be decided, until the partition is gone', async () => {
  const { lift, timers, troubles, settle } = createWorld(2);
  lift.announce('t', 'order@1', 'b2');
  expect(await settle(new DomainError('OVERLOADED', 'too far behind'))).toBe(2);
  expect(timers).toHaveLength(1);
  timers.shift()?.();
  expect(await settle(new DomainError('UNAVAILABLE', 'slow'))).toBe(2);
  expect(timers).toHaveLength(1);
  lift.stop();
  expect([timers.length, troubles.length]).toEqual([0, 0]);
  lift.announce('t', 'order@1', 'b2');
  expect(await settle()).toBe(0);
});

test('a run that cannot be folded is told of, and left', async () => {
  const { lift, timers, troubles, settle } = createWorld(1);
  lift.announce('t', 'order@1', 'b2');
  await settle(new DomainError('QUARANTINED', 'it cannot be folded'));
  expect([timers.length, troubles]).toEqual([0, ['run r0 waits for another build in vain']]);
});

test('runs that diverged and had no room are looked for among those of their definition, until all are noted', async () => {
  const { state, lift, visits, settle } = createWorld(0);
  const rest = { tenantId: 't', runId: '\0order@1', incarnation: '', workflow: 'order', version: '1', build: '' };
  evolvePartition(state, { kind: 'divergenceNoted', ...rest });
  lift.announce('t', 'order@2', 'b2');
  await nextTurn();
  expect(visits).toHaveLength(0);
  lift.announce('t', 'order@1', 'b2');
  await nextTurn();
  expect(visits.map(({ runId }) => runId)).toEqual(['unnoted-1', 'unnoted-2']);
  expect([await settle(), state.diverged.size, await settle(), await settle()]).toEqual([2, 1, 1, 0]);
  expect(state.diverged.size).toBe(0);
});
