import { describe, expect, test } from 'vitest';
import type { FailItem } from '../commands/item-commands.ts';
import { createScenario, failureOf, payloadOf } from '../testing/scenario.ts';
import { waitsFor } from '../views/waits-for.ts';

const FAILED = { stepCount: 0, retryAfterMs: undefined, divergence: undefined, random: 0 } as const;

function failCommand(lease: FailItem['lease'], change: Partial<FailItem> = {}): FailItem {
  return { kind: 'failItem', lease, failure: failureOf('Broken'), ...FAILED, ...change };
}

describe('a complete', () => {
  test('ends the run with its output, frees the slot and tells the parent', () => {
    const parent = { runId: 'p', incarnation: 'pi', nodePath: 'pick', mode: 'WAIT' } as const;
    const s = createScenario('SERVER', {}, { parent });
    const lease = s.lease();
    const output = payloadOf('"ok"');
    const reply = s.accept({ kind: 'completeItem', lease, stepCount: 0, output });
    expect(reply).toMatchObject({ kind: 'ack', settled: true, lastSequence: 5 });
    expect(s.kinds()).toEqual(['taskCompleted', 'runEnded']);
    expect(s.effectKinds()).toEqual(['free', 'tellParent', 'notify']);
    expect(s.effects[1]).toMatchObject({ report: { kind: 'ended', status: 'COMPLETED', output } });
  });

  test('[15] sent twice is acknowledged the second time, and there is one terminal event', () => {
    const s = createScenario();
    const lease = s.lease();
    const complete = { kind: 'completeItem', lease, stepCount: 0, output: undefined } as const;
    const first = s.accept(complete);
    for (let index = 0; index < 15; index++) expect(s.accept(complete)).toEqual(first);
    expect(s.log.filter(({ kind }) => kind === 'runEnded')).toHaveLength(1);
  });

  test('[91] that counts other steps than the log is STEPS_MISSING', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease);
    const refused = s.refuse({ kind: 'completeItem', lease, stepCount: 3, output: undefined });
    expect(refused).toEqual({ reason: 'STEPS_MISSING', metadata: { expected: '3', actual: '1' } });
    expect(s.refuse(failCommand(lease)).reason).toBe('STEPS_MISSING');
  });

  test('[14] of a worker that lost the lease to another is refused, and that of the other is accepted', () => {
    const s = createScenario();
    const a = s.lease();
    s.accept({ kind: 'expireLease', lease: a });
    s.now += 2_000;
    const b = s.lease({ workerId: 'worker-2' });
    for (const command of [
      { kind: 'completeItem', lease: a, stepCount: 0, output: undefined } as const,
      failCommand(a),
      { kind: 'releaseItem', lease: a, retryAfterMs: undefined, reason: '' } as const,
      { kind: 'extendLease', lease: a, ttlMs: 1 } as const,
      { kind: 'yieldSlot', lease: a, knownSequence: 0 } as const,
    ]) {
      expect(s.refuse(command).reason).toBe('LEASE_LOST');
      expect(s.events).toEqual([]);
    }
    s.accept({ kind: 'completeItem', lease: b, stepCount: 0, output: undefined });
  });
});

describe('a failure', () => {
  test('is final where the definition has no retry policy', () => {
    const s = createScenario();
    s.accept(failCommand(s.lease()));
    expect(s.kinds()).toEqual(['taskFailed', 'runEnded']);
    expect(s.lastOf('runEnded')).toMatchObject({ status: 'FAILED', failure: { type: 'Broken' } });
  });

  test('[43] with four attempts waits 100, 200, 400 ms and then fails the run with the last error', () => {
    const s = createScenario('SERVER', { retry: { maxAttempts: 4, initialIntervalMs: 100, jitter: 0 } });
    for (const wait of [100, 200, 400]) {
      s.accept(failCommand(s.lease()));
      expect(s.lastOf('taskFailed').retryTime).toBe(s.now + wait);
      expect(waitsFor(s.run)).toMatchObject([{ kind: 'retry', dueTime: s.now + wait }]);
      s.now += wait;
    }
    s.accept(failCommand(s.lease(), { failure: failureOf('Last') }));
    expect(s.lastOf('runEnded')).toMatchObject({ status: 'FAILED', failure: { type: 'Last' } });
    expect(s.log.filter(({ kind }) => kind === 'taskLeased')).toHaveLength(4);
  });

  test('[43] with one attempt is not tried again, and [44] one of a type that is not retryable neither', () => {
    const once = createScenario('SERVER', { retry: { maxAttempts: 1 } });
    once.accept(failCommand(once.lease()));
    expect(once.run.status).toBe('FAILED');
    const typed = createScenario('SERVER', { retry: { maxAttempts: 9, nonRetryable: ['Broken'] } });
    typed.accept(failCommand(typed.lease()));
    expect(typed.run.status).toBe('FAILED');
    const flagged = createScenario('SERVER', { retry: { maxAttempts: 9 } });
    flagged.accept(failCommand(flagged.lease(), { failure: failureOf('X', true) }));
    expect(flagged.run.status).toBe('FAILED');
  });

  test('[67] with retry_after is not offered before, and the policy may say later', () => {
    const s = createScenario('SERVER', { retry: { initialIntervalMs: 100, jitter: 0 } });
    s.accept(failCommand(s.lease(), { retryAfterMs: 5_000 }));
    expect(s.lastOf('taskScheduled').notBeforeTime).toBe(s.now + 5_000);
    s.now += 5_000;
    s.accept(failCommand(s.lease(), { retryAfterMs: 1 }));
    expect(s.lastOf('taskScheduled').notBeforeTime).toBe(s.now + 200);
  });

  test('[24] names the worker that failed to whoever offers the next attempt', () => {
    const s = createScenario('SERVER', { retry: {} });
    s.accept(failCommand(s.lease({ workerId: 'A' })));
    expect(s.effects).toContainEqual(
      expect.objectContaining({ kind: 'queue', item: expect.objectContaining({ failedWorkerId: 'A', attempt: 2 }) }),
    );
  });

  test('sent twice is acknowledged the second time, also when another attempt follows', () => {
    const s = createScenario('SERVER', { retry: {} });
    const fail = failCommand(s.lease());
    s.accept(fail);
    expect(s.accept(fail)).toMatchObject({ settled: true });
    expect(s.events).toEqual([]);
    expect(s.refuse({ kind: 'completeItem', lease: fail.lease, stepCount: 0, output: undefined }).reason).toBe(
      'LEASE_LOST',
    );
  });
});

describe('a divergence', () => {
  const divergence = { expectedStep: 'charge', foundStep: 'pay', sourceLocation: 'order.ts:7', build: 'b1' };

  test('waits for a worker with another build, counts no attempt and loses nothing', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease);
    s.accept(failCommand(lease, { divergence }));
    expect(s.kinds()).toEqual(['runDiverged']);
    expect(waitsFor(s.run)).toMatchObject([{ kind: 'divergence', divergence }]);
    s.accept({ kind: 'announceBuild', build: 'b1' });
    expect(s.events).toEqual([]);
    s.accept({ kind: 'announceBuild', build: 'b2' });
    expect(s.kinds()).toEqual(['taskScheduled']);
    expect(s.run).toMatchObject({ divergence: undefined, stepCount: 1 });
    expect(s.run.nodes.get('')?.item?.attempt).toBe(1);
  });

  test('is not offered to the same build by a signal or a timer', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: 1_000 });
    s.accept(failCommand(lease, { divergence }));
    s.pass(1_000);
    expect(s.kinds()).toEqual(['signalWaitTimedOut']);
  });

  test('that is cancelled is CANCELLED after the clean-up timeout', () => {
    const s = createScenario();
    s.accept(failCommand(s.lease(), { divergence }));
    s.accept({ kind: 'cancelRun', requestedBy: '', reason: '' });
    s.pass(300_000);
    expect(s.run.status).toBe('CANCELLED');
  });
});

describe('a release', () => {
  test('offers the item again as the same attempt', () => {
    const s = createScenario();
    s.accept({ kind: 'releaseItem', lease: s.lease(), retryAfterMs: undefined, reason: 'drain' });
    expect(s.kinds()).toEqual(['taskReleased', 'taskScheduled']);
    expect(s.effectKinds()).toEqual(['free', 'queue']);
    expect(s.run.nodes.get('')?.item).toMatchObject({ attempt: 1, notBeforeTime: undefined });
  });

  test('[67] of work that is limited in rate is not offered before, and the attempt does not count', () => {
    const s = createScenario();
    s.accept({ kind: 'releaseItem', lease: s.lease(), retryAfterMs: 500, reason: 'rate' });
    expect(s.run.nodes.get('')?.item).toMatchObject({ attempt: 1, notBeforeTime: s.now + 500 });
  });
});

test('a run that takes too long is FAILED(RUN_TIMEOUT), whoever has it', () => {
  const s = createScenario('SERVER', {}, { runTimeoutMs: 10_000 });
  const lease = s.lease();
  s.now += 10_000;
  const refused = s.refuse({ kind: 'completeItem', lease, stepCount: 0, output: undefined });
  expect(refused).toEqual({ reason: 'RUN_TERMINAL', metadata: { state: 'FAILED' } });
  expect(s.lastOf('runEnded').failure?.type).toBe('RUN_TIMEOUT');
  expect(s.effectKinds()).toEqual(['revoke', 'notify']);
});

test('a timer that was due before the run timeout fires before it', () => {
  const s = createScenario('SERVER', {}, { runTimeoutMs: 10_000 });
  const lease = s.lease();
  s.park(lease, { kind: 'timer', dueTime: s.now + 5_000 });
  s.yield(lease);
  s.pass(60_000);
  expect(s.kinds()).toEqual(['timerFired', 'taskScheduled', 'runEnded']);
  expect(s.effectKinds()).toEqual(['queue', 'withdraw', 'notify']);
});
