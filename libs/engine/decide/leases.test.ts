import { describe, expect, test } from 'vitest';
import { createScenario, recordCommand } from '../testing/scenario.ts';

describe('a lease', () => {
  test('takes the item out of its list and makes a PENDING run RUNNING', () => {
    const s = createScenario();
    s.lease();
    expect(s.run).toMatchObject({ status: 'RUNNING', startTime: s.now });
    expect(s.effectKinds()).toEqual(['withdraw', 'hold']);
  });

  test('that is asked for again with the same fence is answered the same', () => {
    const s = createScenario();
    const { fence } = s.lease();
    s.lease({ itemSequence: 2, fence });
    expect(s.events).toEqual([]);
  });

  test('of an item that somebody has is LEASE_LOST, and of an unknown one ITEM_NOT_FOUND', () => {
    const s = createScenario();
    const { fence } = s.lease();
    const other = {
      kind: 'leaseItem',
      nodePath: '',
      itemSequence: 2,
      workerId: 'b',
      sessionId: 'b',
      fence: fence + 1n,
      expiry: { kind: 'heartbeat' },
    } as const;
    expect(s.refuse(other).reason).toBe('LEASE_LOST');
    expect(s.refuse({ ...other, itemSequence: 7 }).reason).toBe('ITEM_NOT_FOUND');
    expect(s.refuse({ ...other, nodePath: 'pick' }).reason).toBe('ITEM_NOT_FOUND');
  });

  test('[17] with a fence of 0, or one that is not larger than every one before, is refused', () => {
    const s = createScenario();
    const proof = s.lease();
    s.accept({ kind: 'releaseItem', lease: proof, retryAfterMs: undefined, reason: '' });
    const again = {
      ...proof,
      kind: 'leaseItem',
      workerId: 'b',
      sessionId: 'b',
      expiry: { kind: 'heartbeat' },
    } as const;
    const itemSequence = s.run.lastSequence;
    expect(s.refuse({ ...again, itemSequence }).reason).toBe('LEASE_LOST');
    expect(s.refuse({ ...again, itemSequence, fence: 0n }).reason).toBe('LEASE_LOST');
  });

  test('keeps all 63 bits of its fence', () => {
    const s = createScenario();
    const fence = (127n << 56n) + (0xff_ffffn << 32n) + 0xffff_fffen;
    const proof = s.lease({ fence });
    expect(s.run.lastFence).toBe(fence);
    expect(s.refuse(recordCommand({ ...proof, fence: fence + 1n }, 1)).reason).toBe('LEASE_LOST');
    s.step(proof);
  });

  test('[39] of another incarnation is LEASE_LOST, also after the end', () => {
    const s = createScenario();
    const proof = { ...s.lease(), incarnation: '01980000-0000-7000-8000-0000000000ff' };
    expect(s.refuse(recordCommand(proof, 1)).reason).toBe('LEASE_LOST');
    s.accept({ kind: 'terminateRun', requestedBy: '', reason: '' });
    expect(s.refuse(recordCommand(proof, 1)).reason).toBe('LEASE_LOST');
  });

  test('[13] with a ttl is extended to now + ttl, and the same extension again changes nothing', () => {
    const s = createScenario();
    const lease = s.lease({ expiry: { kind: 'ttl', ttlMs: 60_000 } });
    expect(s.run.wakeTime).toBe(s.now + 60_000);
    s.pass(59_000);
    const reply = s.accept({ kind: 'extendLease', lease, ttlMs: 300_000 });
    expect(reply).toMatchObject({ lease: { expireTime: s.now + 300_000, fence: lease.fence } });
    expect(s.run.wakeTime).toBe(s.now + 300_000);
    s.accept({ kind: 'extendLease', lease, ttlMs: 300_000 });
    expect(s.events).toEqual([]);
  });

  test('[11] without expiry is extended without effect and never expires', () => {
    const s = createScenario();
    const lease = s.lease({ expiry: { kind: 'noExpiry' } });
    expect(s.accept({ kind: 'extendLease', lease, ttlMs: 1 })).toMatchObject({ lease: { noExpiry: true } });
    s.accept({ kind: 'expireLease', lease });
    s.pass(1e12);
    expect(s.run.nodes.get('')?.item?.lease?.fence).toBe(lease.fence);
  });
});

describe('an expired lease', () => {
  test('[16] refuses a complete that comes later, although nobody has the item yet', () => {
    const s = createScenario();
    const lease = s.lease({ expiry: { kind: 'ttl', ttlMs: 1_000 } });
    s.now += 1_000;
    expect(s.refuse({ kind: 'completeItem', lease, stepCount: 0, output: undefined }).reason).toBe('LEASE_LOST');
    expect(s.kinds()).toEqual(['taskFailed', 'taskScheduled']);
    expect(s.effectKinds()).toEqual(['revoke', 'queue']);
    expect(s.run.nodes.get('')?.item).toMatchObject({ attempt: 2, notBeforeTime: s.now + 2_000 });
  });

  test('[64] of a heartbeat waits 2, 4, 8 … at most 64 s, for ever, and names the worker that had it', () => {
    const s = createScenario();
    for (const seconds of [2, 4, 8, 16, 32, 64, 64, 64]) {
      s.accept({ kind: 'expireLease', lease: s.lease() });
      const queued = s.effects.find((effect) => effect.kind === 'queue');
      expect(queued?.item).toMatchObject({ notBeforeTime: s.now + seconds * 1_000, failedWorkerId: 'worker-1' });
      s.now += seconds * 1_000;
    }
    expect(s.run.status).toBe('RUNNING');
  });

  test('counts from the beginning again after a step record', () => {
    const s = createScenario();
    s.accept({ kind: 'expireLease', lease: s.lease() });
    s.now += 2_000;
    s.accept({ kind: 'expireLease', lease: s.lease() });
    s.now += 4_000;
    const lease = s.lease();
    s.step(lease);
    s.accept({ kind: 'expireLease', lease });
    expect(s.lastOf('taskScheduled')).toMatchObject({ attempt: 2, notBeforeTime: s.now + 2_000 });
  });

  test('is not offered before its back-off is over', () => {
    const s = createScenario();
    s.accept({ kind: 'expireLease', lease: s.lease() });
    expect(() => s.lease()).toThrow('ITEM_NOT_FOUND');
    s.now += 2_000;
    s.lease();
  });

  test('that is told twice counts once', () => {
    const s = createScenario();
    const lease = s.lease();
    s.accept({ kind: 'expireLease', lease });
    s.accept({ kind: 'expireLease', lease });
    expect(s.events).toEqual([]);
  });
});

test('an item that nobody takes in time fails the run, and time in a pause does not count', () => {
  const s = createScenario('SERVER', { scheduleToStartMs: 10_000 });
  s.pass(9_000);
  s.accept({ kind: 'pauseRun', requestedBy: '', reason: '' });
  s.pass(50_000);
  s.accept({ kind: 'resumeRun', requestedBy: '', reason: '' });
  s.pass(9_999);
  expect(s.run.status).toBe('RUNNING');
  s.pass(1);
  expect(s.lastOf('runEnded')).toMatchObject({ status: 'FAILED', failure: { type: 'SCHEDULE_TO_START_TIMEOUT' } });
  expect(s.effectKinds()).toEqual(['withdraw', 'notify']);
});
