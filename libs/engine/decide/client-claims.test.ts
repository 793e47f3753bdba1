import { describe, expect, test } from 'vitest';
import { taskPath } from '../model/client-path.ts';
import { type ClientScenario, createClientScenario, holderOf } from '../testing/client-scenario.ts';

const A = taskPath('a');
const WHO = { requestedBy: 'bob', reason: 'stuck' } as const;

/** A run before task a, which `ann` has. */
function held(): { readonly s: ClientScenario; readonly fence: bigint; readonly ann: ReturnType<typeof holderOf> } {
  const s = createClientScenario('a');
  const lease = s.hold('a');
  return { s, fence: lease.fence, ann: holderOf(A, lease) };
}

describe('a claim', () => {
  test('[10] of a free task is a lease that ends in time, and nobody else gets the task', () => {
    const s = createClientScenario('a');
    const lease = s.hold('a', { expiry: { kind: 'ttl', ttlMs: 500 } });
    expect(lease).toMatchObject({ workerId: 'ann', leaseTime: s.now, expireTime: s.now + 500, noExpiry: false });
    expect(lease.fence > 0n).toBe(true);
    expect(s.effectKinds()).toEqual(['withdraw', 'hold']);
    expect(s.claim('a', { workerId: 'ben' })).toBeUndefined();
    expect(s.events).toEqual([]);
    expect(s.run.status).toBe('RUNNING');
  });

  test('of a task at which the run does not stand is one that no list has seen', () => {
    const s = createClientScenario('a');
    s.hold('other');
    expect(s.recordKinds()).toEqual(['taskScheduled', 'taskLeased']);
    expect(s.effectKinds()).toEqual(['hold']);
    expect(s.offered()).toEqual(['a']);
  });

  test('[11] that expired is claimed by another one at once, under a larger fence', () => {
    const { s, fence } = held();
    s.pass(1_000);
    expect(s.run.nodes.get(A)?.item).toMatchObject({ attempt: 2, notBeforeTime: s.now + 2_000 });
    const lease = s.hold('a', { workerId: 'ben' });
    expect(lease.fence > fence).toBe(true);
    expect(s.lastRecord('taskLeased').attempt).toBe(2);
  });

  test('[11] without expiry is never to be had, and an extension leaves it so', () => {
    const s = createClientScenario('a');
    const lease = s.hold('a', { expiry: { kind: 'noExpiry' } });
    s.pass(1e9);
    expect(s.claim('a', { workerId: 'ben' })).toBeUndefined();
    const extended = s.accept({ kind: 'extendClaim', ...holderOf(A, lease), ttlMs: 5 });
    expect(extended).toEqual({ kind: 'lease', lease });
    expect(s.events).toEqual([]);
  });

  test('[18] under a fence that is not larger than every one before is refused', () => {
    const { s, fence } = held();
    s.save({ kind: 'fork', openTasks: ['b'] });
    expect(
      s.refuse({ kind: 'claimTask', taskId: 'b', workerId: 'w', sessionId: '', fence, expiry: { kind: 'noExpiry' } }),
    ).toMatchObject({ reason: 'LEASE_LOST' });
  });

  test('[23] of a task that is done, delayed, or of a run that is held or over, is absent or refused', () => {
    const done = createClientScenario('a');
    done.result('a');
    expect(done.claim('a')).toBeUndefined();
    const delayed = createClientScenario();
    delayed.save({ kind: 'delay', untilTime: delayed.now + 50, nextTask: 'b' });
    expect(delayed.claim('b')).toBeUndefined();
    delayed.now += 50;
    delayed.hold('b');
    const waiting = createClientScenario();
    waiting.save({ kind: 'signal', name: 'go', untilTime: undefined, nextTask: 'b' });
    expect(waiting.claim('b')).toBeUndefined();
    const over = createClientScenario('a');
    over.accept({ kind: 'terminateRun', ...WHO });
    expect(over.effectKinds()).toEqual(['withdraw', 'notify']);
    const claim = { kind: 'claimTask', taskId: 'a', workerId: 'w', sessionId: '', fence: 1n << 60n } as const;
    expect(over.refuse({ ...claim, expiry: { kind: 'noExpiry' } }).reason).toBe('RUN_TERMINAL');
  });

  test.each(['cancelRun', 'pauseRun'] as const)(
    '[25] of a run with a pending %s is absent until it is taken back',
    (kind) => {
      const s = createClientScenario('a');
      s.accept({ kind, ...WHO });
      expect(s.effectKinds()).toEqual(['withdraw', 'notify']);
      expect(s.claim('a')).toBeUndefined();
      s.accept({ kind, ...WHO, reason: 'again' });
      expect(s.effectKinds()).toEqual(['notify']);
      s.accept({ kind: 'clearControl', control: kind === 'cancelRun' ? 'CANCEL' : 'PAUSE' });
      expect(s.effectKinds()).toEqual(['queue']);
      s.hold('a');
    },
  );
});

describe('who does not hold a task', () => {
  test('[12] cannot release or extend it, and of none there is nothing to release', () => {
    const { s, fence } = held();
    const ben = { nodePath: A, workerId: 'ben', fence: undefined };
    const forged = { nodePath: A, workerId: 'ann', fence: fence + 1n };
    for (const who of [ben, forged]) {
      expect(s.refuse({ kind: 'releaseClaim', ...who, failed: false }).reason).toBe('LEASE_LOST');
      expect(s.refuse({ kind: 'extendClaim', ...who, ttlMs: 5 }).reason).toBe('LEASE_LOST');
    }
    for (const who of [ben, { ...forged, nodePath: taskPath('none') }]) {
      const nodePath = taskPath('none');
      expect(s.refuse({ kind: 'releaseClaim', ...who, nodePath, failed: false }).reason).toBe('LEASE_NOT_FOUND');
    }
    expect(s.run.nodes.get(A)?.item?.lease?.fence).toBe(fence);
  });

  test('[14] has no save, result, release or extension accepted; who has it now has', () => {
    const { s, fence, ann } = held();
    s.pass(1_000);
    const ben = s.hold('a', { workerId: 'ben' });
    expect(s.refuse(s.saveCommand({ kind: 'task', taskId: 'b' }, { fence })).reason).toBe('LEASE_LOST');
    expect(s.refuse({ kind: 'saveTaskResult', taskId: 'a', output: undefined, fence }).reason).toBe('LEASE_LOST');
    expect(s.refuse({ kind: 'saveTaskResult', taskId: 'a', output: undefined, fence: undefined }).reason).toBe(
      'LEASE_LOST',
    );
    expect(s.refuse({ kind: 'releaseClaim', ...ann, failed: true }).reason).toBe('LEASE_LOST');
    expect(s.refuse({ kind: 'extendClaim', ...ann, ttlMs: 9 }).reason).toBe('LEASE_LOST');
    expect(s.events).toEqual([]);
    s.save({ kind: 'fork', openTasks: ['a', 'b'] }, { fence: ben.fence });
    s.result('a', ben.fence);
    expect([...s.client.done.keys()]).toEqual(['a']);
  });
});

describe('an extension', () => {
  test('[13] ends so long from now on, and the same again changes nothing', () => {
    const { s, ann } = held();
    s.pass(400);
    const extended = s.accept({ kind: 'extendClaim', ...ann, ttlMs: 5_000 });
    expect(extended).toMatchObject({ lease: { expireTime: s.now + 5_000, leaseTime: s.now - 400 } });
    s.accept({ kind: 'extendClaim', ...ann, ttlMs: 5_000 });
    expect(s.events).toEqual([]);
    s.pass(4_999);
    expect(s.offered()).toEqual([]);
    s.pass(1);
    expect(s.offered()).toEqual(['a']);
  });
});

describe('a release', () => {
  test('offers the task as the same attempt; one that failed counts, and the task comes last for that worker [24]', () => {
    const { s, ann } = held();
    expect(s.accept({ kind: 'releaseClaim', ...ann, failed: false })).toEqual({ kind: 'ready', time: s.now });
    expect(s.effects).toMatchObject([{ kind: 'free' }, { kind: 'queue', item: { attempt: 1, failedWorkerId: '' } }]);
    s.accept({ kind: 'releaseClaim', ...holderOf(A, s.hold('a')), failed: true });
    expect(s.effects).toMatchObject([{ kind: 'free' }, { kind: 'queue', item: { attempt: 2, failedWorkerId: 'ann' } }]);
  });

  test('of a task that the run has left offers nothing', () => {
    const { s, fence, ann } = held();
    s.save({ kind: 'task', taskId: 'b' }, { fence });
    expect(s.effectKinds()).toEqual(['queue']);
    s.accept({ kind: 'releaseClaim', ...ann, failed: false });
    expect(s.effectKinds()).toEqual(['free']);
    expect(s.offered()).toEqual(['b']);
  });

  test('of a run that is held offers the task after the resume', () => {
    const { s, ann } = held();
    s.accept({ kind: 'pauseRun', ...WHO });
    s.accept({ kind: 'checkControls', checks: 'both', taskId: 'a' });
    s.accept({ kind: 'releaseClaim', ...ann, failed: false });
    expect(s.effectKinds()).toEqual(['free']);
    s.accept({ kind: 'resumeRun', ...WHO });
    expect(s.offered()).toEqual(['a']);
  });
});

describe('the end of a lease in time', () => {
  test('[64] counts the attempt and waits 2 s, then 4 s; the third makes a dead letter', () => {
    const s = createClientScenario('a');
    for (const [attempt, waitMs] of [
      [2, 2_000],
      [3, 4_000],
    ] as const) {
      s.hold('a');
      s.pass(1_000);
      expect(s.recordKinds()).toEqual(['taskFailed', 'taskScheduled']);
      expect(s.effects).toMatchObject([
        { kind: 'revoke' },
        { kind: 'queue', item: { attempt, notBeforeTime: s.now + waitMs } },
      ]);
    }
    s.hold('a');
    s.pass(1_000);
    expect(s.recordKinds()).toEqual(['taskFailed', 'itemDied']);
    expect(s.lastRecord('itemDied')).toMatchObject({ reason: 'EXPIRED', failure: { type: 'LEASE_EXPIRED' } });
    expect(s.claim('a')).toBeUndefined();
    s.save({ kind: 'task', taskId: 'a' });
    expect(s.offered()).toEqual([]);
  });

  test('[64] [23] is not forgotten by a save: what waits for its retry keeps the time and the attempt', () => {
    const s = createClientScenario();
    s.save({ kind: 'fork', openTasks: ['a', 'b'] });
    s.hold('a');
    s.pass(1_000);
    const before = s.run.nodes.get(A)?.item;
    s.save({ kind: 'fork', openTasks: ['a', 'b'] });
    expect(s.run.nodes.get(A)?.item).toEqual(before);
    const hints = [{ taskId: 'a', priority: 1, tags: [] }];
    s.save({ kind: 'fork', openTasks: ['a', 'b'] }, { hints });
    expect(s.run.nodes.get(A)?.item).toMatchObject({ priority: 1, attempt: 2, notBeforeTime: before?.notBeforeTime });
  });

  test('counts while the run is paused too, and the task is offered after the resume', () => {
    const { s } = held();
    s.accept({ kind: 'pauseRun', ...WHO });
    s.pass(1_000);
    expect(s.recordKinds()).toEqual(['taskFailed', 'taskScheduled']);
    expect(s.effectKinds()).toEqual(['revoke']);
    s.accept({ kind: 'checkControls', checks: 'pause', taskId: '' });
    expect(s.effectKinds()).toEqual(['notify']);
    s.accept({ kind: 'resumeRun', ...WHO });
    expect(s.effects).toMatchObject([{ kind: 'notify' }, { kind: 'queue', item: { attempt: 2 } }]);
  });

  test('[65] of thousands at once is one commit, each counted, before the end of the run', () => {
    const openTasks = Array.from({ length: 1_000 }, (_, at) => `t${at}`);
    const s = createClientScenario(undefined, { runTimeoutMs: 2_000 });
    s.save({ kind: 'fork', openTasks });
    for (const taskId of openTasks) s.claim(taskId);
    s.now += 1_500;
    s.accept({ kind: 'wake' });
    expect(s.events).toHaveLength(2_000);
    expect(s.run.wakeTime).toBe(s.run.deadlineTime);
    for (const taskId of openTasks) s.claim(taskId);
    s.pass(500);
    expect(s.run).toMatchObject({ status: 'FAILED', wakeTime: Infinity });
    expect(s.effectKinds().filter((kind) => kind === 'revoke')).toHaveLength(1_000);
  });

  test('[16] comes before whatever is asked in that moment: a result is refused', () => {
    const { s, fence } = held();
    s.now += 1_000;
    expect(s.refuse({ kind: 'saveTaskResult', taskId: 'a', output: undefined, fence }).reason).toBe('LEASE_LOST');
    expect(s.recordKinds()).toEqual(['taskFailed', 'taskScheduled']);
  });
});

describe('attempts', () => {
  test('of who saves under the lease count from there, and the last one is not the last', () => {
    const s = createClientScenario('a');
    s.hold('a');
    s.pass(1_000);
    s.hold('a');
    s.pass(1_000);
    const third = s.hold('a');
    s.save({ kind: 'task', taskId: 'a' }, { fence: third.fence });
    s.pass(1_000);
    expect(s.recordKinds()).toEqual(['taskFailed', 'taskScheduled']);
    expect(s.effects).toMatchObject([{ kind: 'revoke' }, { kind: 'queue', item: { attempt: 2 } }]);
  });

  test('count anew when the run comes back to a task that succeeded, or that it had left', () => {
    const s = createClientScenario('a');
    s.hold('a');
    s.pass(1_000);
    s.result('a', s.hold('a').fence);
    s.save({ kind: 'loop', taskId: 'a', iteration: 1 });
    expect(s.effects).toMatchObject([
      { kind: 'withdraw' },
      { kind: 'queue', item: { attempt: 1, failedWorkerId: '' } },
    ]);
    s.hold('a');
    s.save({ kind: 'task', taskId: 'b' });
    s.pass(1_000);
    expect(s.recordKinds()).toEqual(['taskFailed']);
    s.save({ kind: 'loop', taskId: 'a', iteration: 2 });
    expect(s.effects).toMatchObject([
      { kind: 'withdraw' },
      { kind: 'queue', item: { attempt: 1, failedWorkerId: '' } },
    ]);
  });
});

test('attempts of a task that nobody asked for count anew once it succeeded', () => {
  const s = createClientScenario('b');
  s.hold('a');
  s.pass(1_000);
  s.result('a', s.hold('a').fence);
  s.save({ kind: 'task', taskId: 'c' });
  s.hold('a');
  expect(s.lastRecord('taskLeased').attempt).toBe(1);
});

describe('an operator who ends a hold', () => {
  test('tells the worker, whoever has it, and nothing it sends afterwards is taken', () => {
    const s = createClientScenario('a');
    const lease = s.hold('a', { expiry: { kind: 'noExpiry' } });
    const force = { kind: 'forceRelease', nodePath: A, fence: undefined, countsAttempt: false, ...WHO } as const;
    expect(s.refuse({ ...force, fence: 9n }).reason).toBe('LEASE_LOST');
    expect(s.accept(force)).toEqual({ kind: 'lease', lease });
    expect(s.effects).toMatchObject([{ kind: 'revoke' }, { kind: 'queue', item: { attempt: 1 } }]);
    expect(s.run.nodes.get(A)?.settled).toBeUndefined();
    expect(s.refuse({ kind: 'saveTaskResult', taskId: 'a', output: undefined, fence: lease.fence }).reason).toBe(
      'LEASE_LOST',
    );
    expect(s.refuse(force).reason).toBe('LEASE_NOT_FOUND');
  });

  test('may count the attempt, and the last one makes a dead letter', () => {
    const s = createClientScenario('a');
    const force = { kind: 'forceRelease', nodePath: A, fence: undefined, countsAttempt: true, ...WHO } as const;
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      s.hold('a');
      s.accept(force);
      expect(s.effects[0]).toMatchObject({ kind: 'revoke' });
    }
    expect(s.lastRecord('itemDied')).toMatchObject({
      reason: 'EXHAUSTED',
      failure: { type: 'FORCE_RELEASED', message: 'stuck' },
    });
  });

  test('is not taken for a worker that says so itself', () => {
    const { s, fence } = held();
    const itemSequence = s.run.nodes.get(A)?.item?.itemSequence ?? 0;
    const lease = { incarnation: s.run.identity.incarnation, nodePath: A, itemSequence, fence };
    s.accept({ kind: 'releaseItem', lease, retryAfterMs: undefined, reason: 'forced by me' });
    expect(s.effectKinds()).toEqual(['free', 'queue']);
    expect(s.run.nodes.get(A)?.settled).toMatchObject({ kind: 'released', fence });
  });
});
