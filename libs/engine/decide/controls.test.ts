import { describe, expect, test } from 'vitest';
import type { Driver, RunStatus } from '../model/status.ts';
import { createScenario, failureOf, type Scenario } from '../testing/scenario.ts';

const WHO = { requestedBy: 'bob', reason: 'enough' } as const;
const CANCEL = { kind: 'cancelRun', ...WHO } as const;
const PAUSE = { kind: 'pauseRun', ...WHO } as const;
const RESUME = { kind: 'resumeRun', ...WHO } as const;
const TERMINATE = { kind: 'terminateRun', ...WHO } as const;

/** A run in this status; a SERVER run that was ever RUNNING has been assigned, and its worker has it. */
function runIn(driver: Driver, status: RunStatus): Scenario {
  const s = createScenario(driver);
  if (driver === 'CLIENT') {
    const update = { expectedStatus: undefined, output: undefined, failure: undefined, ...WHO };
    if (status !== 'PENDING') s.accept({ kind: 'updateStatus', status: 'RUNNING', ...update });
    if (status !== 'PENDING' && status !== 'RUNNING') s.accept({ kind: 'updateStatus', status, ...update });
    return s;
  }
  if (status === 'PENDING') return s;
  if (status === 'CANCELLED') {
    s.accept(CANCEL);
    return s;
  }
  const lease = s.lease();
  const failed = { failure: failureOf('E'), retryAfterMs: undefined, divergence: undefined, random: 0 };
  if (status === 'PAUSED') s.accept(PAUSE);
  if (status === 'COMPLETED') s.accept({ kind: 'completeItem', lease, stepCount: 0, output: undefined });
  if (status === 'FAILED') s.accept({ kind: 'failItem', lease, stepCount: 0, ...failed });
  if (status === 'TERMINATED') s.accept(TERMINATE);
  return s;
}

describe.each(['SERVER', 'CLIENT'] as const)('[26] a control of a %s run', (driver) => {
  test.each(['PENDING', 'RUNNING', 'PAUSED', 'CANCELLED', 'COMPLETED', 'FAILED', 'TERMINATED'] as const)(
    'that is %s is begun from there',
    (status) => {
      expect(runIn(driver, status).run.status).toBe(status);
    },
  );

  test.each(['COMPLETED', 'FAILED', 'TERMINATED'] as const)(
    'that is %s is refused: nothing that has ended changes',
    (status) => {
      const s = runIn(driver, status);
      expect(s.refuse(CANCEL)).toEqual({ reason: 'CANNOT_CANCEL', metadata: { state: status } });
      expect(s.refuse(PAUSE)).toEqual({ reason: 'CANNOT_PAUSE', metadata: { state: status } });
      expect(s.refuse(RESUME)).toEqual({ reason: 'NOT_PAUSED', metadata: { state: status } });
      expect(s.refuse(TERMINATE)).toEqual({ reason: 'CANNOT_CANCEL', metadata: { state: status } });
    },
  );

  test('that is CANCELLED: cancel and terminate are fine without effect, pause and resume are refused', () => {
    const s = runIn(driver, 'CANCELLED');
    expect(s.accept(CANCEL)).toMatchObject({ status: 'CANCELLED' });
    expect(s.accept(TERMINATE)).toMatchObject({ status: 'CANCELLED' });
    expect(s.events).toEqual([]);
    expect(s.refuse(PAUSE).reason).toBe('CANNOT_PAUSE');
    expect(s.refuse(RESUME).reason).toBe('NOT_PAUSED');
  });

  test.each(['PENDING', 'RUNNING', 'PAUSED'] as const)('that is %s: terminate ends it at once', (status) => {
    const s = runIn(driver, status);
    expect(s.accept(TERMINATE)).toMatchObject({ status: 'TERMINATED' });
    expect(s.run).toMatchObject({ status: 'TERMINATED', wakeTime: Infinity, endTime: s.now });
  });

  test.each(['PENDING', 'RUNNING'] as const)('that is %s: resume is NOT_PAUSED', (status) => {
    expect(runIn(driver, status).refuse(RESUME)).toEqual({ reason: 'NOT_PAUSED', metadata: { state: status } });
  });

  test('that is PAUSED: pause is fine without effect, and resume makes it RUNNING', () => {
    const s = runIn(driver, 'PAUSED');
    expect(s.accept(PAUSE)).toMatchObject({ status: 'PAUSED' });
    expect(s.events).toEqual([]);
    expect(s.accept(RESUME)).toMatchObject({ status: 'RUNNING' });
    expect(s.run.status).toBe('RUNNING');
  });
});

describe('a cancel of a SERVER run', () => {
  test('with nothing to clean up is CANCELLED in the same commit', () => {
    const s = createScenario();
    expect(s.accept(CANCEL)).toEqual({ kind: 'run', status: 'CANCELLED', cancelling: false });
    expect(s.lastOf('runEnded')).toMatchObject({ status: 'CANCELLED', requestedBy: 'bob', reason: 'enough' });
    expect(s.effectKinds()).toEqual(['withdraw', 'notify']);
  });

  test('[31] tells the worker, whose clean-up runs on under its lease and whose late result is not taken', () => {
    const s = runIn('SERVER', 'RUNNING');
    const { fence } = s.lastOf('taskLeased').lease;
    expect(s.accept(CANCEL)).toEqual({ kind: 'run', status: 'RUNNING', cancelling: true });
    const notice = { kind: 'cancel', deadlineTime: s.now + 300_000, reason: 'enough' };
    expect(s.effects).toContainEqual(expect.objectContaining({ kind: 'tell', notice }));
    const lease = { incarnation: s.run.identity.incarnation, nodePath: '', itemSequence: 2, fence };
    s.step(lease, { kind: 'result', result: undefined }, 'refund');
    s.accept({ kind: 'completeItem', lease, stepCount: 1, output: undefined });
    expect(s.lastOf('runEnded')).toMatchObject({ status: 'CANCELLED', output: undefined, requestedBy: 'bob' });
  });

  test('offers a parked function once more, whose waits are over', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'timer', dueTime: s.now + 1e9 });
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined });
    s.yield(lease);
    s.accept(CANCEL);
    expect(s.kinds()).toEqual(['controlRequested', 'cleanupStarted', 'taskScheduled']);
    expect(s.run.waits.size).toBe(0);
    expect(s.effectKinds()).toContain('queue');
  });

  test('does not wait for the back-off of the attempt that it cancels', () => {
    const s = createScenario();
    s.accept({ kind: 'expireLease', lease: s.lease() });
    s.accept(CANCEL);
    expect(s.effectKinds()).toEqual(['notify', 'notify', 'withdraw', 'queue']);
    s.lease();
  });

  test('[30] that finds no worker is CANCELLED after the clean-up timeout', () => {
    const s = createScenario('SERVER', { cleanupTimeoutMs: 7_000 });
    const lease = s.lease();
    s.park(lease, { kind: 'timer', dueTime: s.now + 1e9 });
    s.yield(lease);
    s.accept(CANCEL);
    s.pass(6_999);
    expect(s.run).toMatchObject({ status: 'RUNNING', cancelling: true });
    s.pass(1);
    expect(s.run.status).toBe('CANCELLED');
    expect(s.effectKinds()).toEqual(['withdraw', 'notify']);
  });

  test('whose clean-up takes too long revokes the lease', () => {
    const s = runIn('SERVER', 'RUNNING');
    s.accept(CANCEL);
    s.pass(300_000);
    expect(s.run.status).toBe('CANCELLED');
    expect(s.effectKinds()).toEqual(['revoke', 'notify']);
  });

  test('[30] that is PAUSED cleans up if it was ever assigned, and is CANCELLED at once if not', () => {
    const assigned = runIn('SERVER', 'PAUSED');
    assigned.accept(CANCEL);
    expect(assigned.run).toMatchObject({ status: 'RUNNING', cancelling: true, pause: undefined });
    const fresh = createScenario();
    fresh.accept(PAUSE);
    fresh.accept(CANCEL);
    expect(fresh.run.status).toBe('CANCELLED');
  });

  test('again while it cleans up changes nothing, and a pause then is CANNOT_PAUSE', () => {
    const s = runIn('SERVER', 'RUNNING');
    s.accept(CANCEL);
    expect(s.accept(CANCEL)).toMatchObject({ cancelling: true });
    expect(s.events).toEqual([]);
    expect(s.refuse(PAUSE)).toEqual({ reason: 'CANNOT_PAUSE', metadata: { state: 'RUNNING', cancelling: 'true' } });
  });

  test('whose clean-up throws is CANCELLED too, and the log keeps why', () => {
    const s = runIn('SERVER', 'RUNNING');
    const { fence } = s.lastOf('taskLeased').lease;
    s.accept(CANCEL);
    const lease = { incarnation: s.run.identity.incarnation, nodePath: '', itemSequence: 2, fence };
    const base = { retryAfterMs: undefined, divergence: undefined, random: 0 };
    s.accept({ kind: 'failItem', lease, stepCount: 0, failure: failureOf('CancelledError'), ...base });
    expect(s.run.status).toBe('CANCELLED');
    expect(s.lastOf('taskFailed').failure.type).toBe('CancelledError');
  });
});

describe('a pause of a SERVER run', () => {
  test('takes its item out of the list, and resume puts it back [32]', () => {
    const s = createScenario();
    s.accept(PAUSE);
    expect(s.effectKinds()).toEqual(['withdraw', 'notify']);
    expect(() => s.lease()).toThrow('ITEM_NOT_FOUND');
    s.accept(RESUME);
    expect(s.effectKinds()).toEqual(['queue', 'notify']);
    s.lease();
  });

  test('[29] lets what is leased end and be recorded, and nothing is run again after resume', () => {
    const s = createScenario();
    const lease = s.lease();
    s.accept(PAUSE);
    expect(s.effects).toContainEqual(
      expect.objectContaining({ kind: 'tell', notice: { kind: 'pause', reason: 'enough' } }),
    );
    s.step(lease);
    s.accept({ kind: 'releaseItem', lease, retryAfterMs: undefined, reason: 'paused' });
    expect(s.effectKinds()).toEqual(['free']);
    s.accept(RESUME);
    expect(s.effectKinds()).toEqual(['queue', 'notify']);
    expect(s.run.stepCount).toBe(1);
  });

  test('[32] holds what becomes ready, and only resume makes it RUNNING again', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined });
    s.yield(lease);
    s.accept(PAUSE);
    s.accept({ kind: 'sendSignal', name: 'go', signalId: '', payload: undefined });
    expect(s.kinds()).toEqual(['signalConsumed', 'taskScheduled']);
    expect(s.effects).toEqual([]);
    expect(s.run.status).toBe('PAUSED');
    s.accept(RESUME);
    expect(s.effectKinds()).toEqual(['queue', 'notify']);
  });

  test('lets a function that returns complete its run', () => {
    const s = createScenario();
    const lease = s.lease();
    s.accept(PAUSE);
    s.accept({ kind: 'completeItem', lease, stepCount: 0, output: undefined });
    expect(s.run.status).toBe('COMPLETED');
  });
});

describe('a terminate of a SERVER run', () => {
  test('revokes the lease by its fence, and nothing runs after it', () => {
    const s = createScenario();
    const lease = s.lease();
    s.accept(TERMINATE);
    expect(s.effects).toMatchObject([{ kind: 'revoke', lease: { fence: lease.fence } }, { kind: 'notify' }]);
    const complete = { kind: 'completeItem', lease, stepCount: 0, output: undefined } as const;
    expect(s.refuse(complete)).toEqual({ reason: 'RUN_TERMINAL', metadata: { state: 'TERMINATED' } });
  });
});

describe('a control of a CLIENT run', () => {
  test('[27] is pending until its runtime asks, a newer one replaces it, and it can be taken back', () => {
    const s = runIn('CLIENT', 'RUNNING');
    expect(s.accept(CANCEL)).toEqual({ kind: 'run', status: 'RUNNING', cancelling: false });
    expect(s.run.cancel).toEqual({ kind: 'CANCEL', requestTime: s.now, ...WHO });
    s.accept({ ...CANCEL, reason: 'really' });
    expect(s.run.cancel?.reason).toBe('really');
    s.accept({ kind: 'clearControl', control: 'CANCEL' });
    expect(s.run.cancel).toBeUndefined();
    s.accept({ kind: 'clearControl', control: 'CANCEL' });
    expect(s.events).toEqual([]);
  });

  test('[28] takes effect when its runtime asks, with the task, and the answer stays', () => {
    const s = runIn('CLIENT', 'RUNNING');
    const check = { kind: 'checkControls', checks: 'cancel', taskId: 't2' } as const;
    expect(s.accept(check)).toMatchObject({ outcome: 'NONE' });
    s.accept(CANCEL);
    expect(s.accept(check)).toMatchObject({ outcome: 'CANCELLED', control: { reason: 'enough' } });
    expect(s.run).toMatchObject({ status: 'CANCELLED', cancel: undefined });
    expect(s.lastOf('systemRecord').record).toMatchObject({ kind: 'runEnded', interruptedAt: 't2' });
    expect(s.accept(check)).toMatchObject({ outcome: 'CANCELLED' });
    expect(s.events).toEqual([]);
  });

  test('[28] pauses when its runtime asks, and a cancel beats a pause when both are pending', () => {
    const s = runIn('CLIENT', 'RUNNING');
    s.accept(PAUSE);
    expect(s.accept({ kind: 'checkControls', checks: 'cancel', taskId: 't' })).toMatchObject({ outcome: 'NONE' });
    expect(s.accept({ kind: 'checkControls', checks: 'pause', taskId: 't' })).toMatchObject({ outcome: 'PAUSED' });
    expect(s.run).toMatchObject({ status: 'PAUSED', pendingPause: undefined });
    expect(s.accept({ kind: 'checkControls', checks: 'both', taskId: 't' })).toMatchObject({ outcome: 'PAUSED' });
    const both = runIn('CLIENT', 'RUNNING');
    both.accept(PAUSE);
    both.accept(CANCEL);
    expect(both.accept({ kind: 'checkControls', checks: 'pause', taskId: 't' })).toMatchObject({
      outcome: 'CANCELLED',
    });
  });

  test('that cancels a PAUSED run takes effect at once', () => {
    const s = runIn('CLIENT', 'PAUSED');
    expect(s.accept(CANCEL)).toMatchObject({ status: 'CANCELLED' });
  });
});

test('on a SERVER run no control is ever pending, so there is none to take back', () => {
  const s = createScenario();
  expect(s.accept({ kind: 'clearControl', control: 'PAUSE' })).toEqual({ kind: 'done' });
});
