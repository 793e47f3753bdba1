import { describe, expect, test } from 'vitest';
import type { CompleteWorkItem, FailWorkItem, MoveToDeadLetter } from '../commands/claim-commands.ts';
import { itemPath, itemQueue, taskPath } from '../model/client-path.ts';
import { MAX_OPEN_ITEMS, MAX_SETTLED_NODES } from '../model/client-state.ts';
import type { Lease } from '../model/lease.ts';
import { type ClientScenario, createClientScenario, holderOf } from '../testing/client-scenario.ts';
import { createScenario, failureOf, payloadOf } from '../testing/scenario.ts';

const PATH = itemPath('mail');
const WHO = { requestedBy: 'bob', reason: 'enough' } as const;

function complete(lease: Lease, itemId = 'mail', endsRun = false): CompleteWorkItem {
  return { kind: 'completeWorkItem', ...holderOf(itemPath(itemId), lease), output: payloadOf('1'), endsRun };
}

function fail(lease: Lease, change: Partial<FailWorkItem> = {}): FailWorkItem {
  const rest = { failure: failureOf('Broken'), retryAfterMs: undefined, countsAttempt: true, isPoison: false };
  return { kind: 'failWorkItem', ...holderOf(PATH, lease), ...rest, ...change };
}

function move(change: Partial<MoveToDeadLetter> = {}): MoveToDeadLetter {
  const rest = { fence: undefined, isOperator: false, failure: failureOf('Moved'), requestedBy: 'bob' };
  return { kind: 'moveToDeadLetter', nodePath: PATH, ...rest, ...change };
}

/** A run with one item. */
function withItem(): ClientScenario {
  const s = createClientScenario();
  s.enqueue('mail');
  return s;
}

function deadLetterId(s: ClientScenario): string {
  return s.client.dead.get(PATH)?.deadLetterId ?? '';
}

describe('a work item', () => {
  test('[63] waits in its queue under the terms that it was made with, and a known id changes nothing', () => {
    const s = createClientScenario();
    expect(s.enqueue('mail', { priority: 1, tags: ['gpu'] })).toEqual({ kind: 'enqueued', isNew: true });
    const item = { queue: itemQueue('mail'), priority: 1, tags: ['gpu'], attempt: 1, nodePath: PATH };
    expect(s.effects).toMatchObject([{ kind: 'queue', item }]);
    expect(s.enqueue('mail', { priority: 5 })).toEqual({ kind: 'enqueued', isNew: false });
    s.accept(complete(s.take('mail')));
    expect(s.enqueue('mail')).toEqual({ kind: 'enqueued', isNew: false });
    expect(s.events).toEqual([]);
  });

  test('and a task of the same name are two things', () => {
    const s = createClientScenario('mail');
    s.enqueue('mail');
    s.accept(complete(s.take('mail')));
    expect(s.offered()).toEqual(['mail']);
    s.hold('mail');
  });

  test('[29] that is for a task gives it its result, and the task is not offered any more', () => {
    const s = createClientScenario('a');
    s.enqueue('mail', { nodeId: 'a' });
    s.accept(complete(s.take('mail')));
    expect(s.client.results.has('a')).toBe(true);
    expect(s.claim('a')).toBeUndefined();
    s.save({ kind: 'fork', openTasks: ['b', 'c'] });
    s.enqueue('more', { nodeId: 'b' });
    s.accept(complete(s.take('more'), 'more'));
    expect(s.recordKinds()).toEqual(['taskCompleted', 'taskWithdrawn']);
    expect(s.offered()).toEqual(['c']);
  });

  test('[23] is not offered before its time, nor leased', () => {
    const s = createClientScenario();
    s.enqueue('mail', { notBeforeTime: s.now + 60 });
    expect(s.effects).toMatchObject([{ kind: 'queue', item: { notBeforeTime: s.now + 60 } }]);
    expect(() => s.take('mail')).toThrow('ITEM_NOT_FOUND');
    s.now += 60;
    s.take('mail');
  });

  test('[23] [25] of a run that is held waits for the resume', () => {
    const s = createClientScenario();
    s.accept({ kind: 'pauseRun', ...WHO });
    s.enqueue('mail');
    expect(s.effects).toEqual([]);
    expect(() => s.take('mail')).toThrow('ITEM_NOT_FOUND');
    s.accept({ kind: 'checkControls', checks: 'both', taskId: '' });
    s.accept({ kind: 'resumeRun', ...WHO });
    s.take('mail');
  });

  test('is one of at most 10 000 that are open or dead', () => {
    const { run, attempt } = createScenario('CLIENT');
    const base = {
      kind: 'enqueueItem',
      nodeId: '',
      queue: 'q',
      payload: undefined,
      maxAttempts: 1,
      priority: 3,
    } as const;
    const enqueue = (itemId: string): unknown =>
      attempt({ ...base, itemId, tags: [], notBeforeTime: undefined }).result;
    for (let at = 0; at < MAX_OPEN_ITEMS; at += 1) enqueue(`i${at}`);
    const metadata = { limit: 'items', maximum: String(MAX_OPEN_ITEMS) };
    expect(enqueue('more')).toEqual({ kind: 'rejected', rejection: { reason: 'QUOTA_EXCEEDED', metadata } });
    attempt(move({ nodePath: itemPath('i0') }));
    expect(enqueue('more')).toMatchObject({ kind: 'rejected' });
    const itemSequence = run.nodes.get(itemPath('i1'))?.item?.itemSequence ?? 0;
    const lease = { nodePath: itemPath('i1'), itemSequence, workerId: 'ann', sessionId: '', fence: 1n } as const;
    attempt({ kind: 'leaseItem', ...lease, expiry: { kind: 'noExpiry' } });
    attempt(complete({ ...lease, leaseTime: 0, expireTime: undefined, noExpiry: true }, 'i1'));
    expect(enqueue('more')).toMatchObject({ kind: 'accepted' });
  });
});

describe('a settle', () => {
  test('[15] that is sent again is acknowledged without effect, and only one takes effect', () => {
    const s = withItem();
    const command = complete(s.take('mail'));
    expect(s.accept(command)).toEqual({ kind: 'settledItem', deadLetterId: '' });
    expect(s.effectKinds()).toEqual(['free']);
    for (let time = 0; time < 15; time += 1) {
      s.accept(command);
      expect(s.events).toEqual([]);
    }
    expect(s.refuse(fail({ ...s.lastRecord('taskLeased').lease })).reason).toBe('LEASE_LOST');
  });

  test('[15] is remembered beside any number of open items, for the last thousand', () => {
    const s = createClientScenario();
    const count = MAX_SETTLED_NODES + 2;
    for (let at = 0; at < count; at += 1) s.enqueue(`i${at}`);
    const leases = Array.from({ length: count }, (_, at) => s.take(`i${at}`, { expiry: { kind: 'noExpiry' } }));
    s.enqueue('more');
    for (const [at, lease] of leases.entries()) if (at < 10) s.accept(complete(lease, `i${at}`));
    for (const [at, lease] of leases.entries()) if (at < 10) s.accept(complete(lease, `i${at}`));
    expect(s.events).toEqual([]);
    for (const [at, lease] of leases.entries()) s.accept(complete(lease, `i${at}`));
    expect(s.client.settled.size).toBe(MAX_SETTLED_NODES + 1);
    expect(s.refuse(complete(leases[0] as Lease, 'i0')).reason).toBe('ITEM_NOT_FOUND');
    s.accept(complete(leases[1] as Lease, 'i1'));
    expect(s.events).toEqual([]);
    expect(s.client.results.size).toBe(count);
  });

  test('[16] after the lease ran out is refused, although nobody has the item', () => {
    const s = withItem();
    const lease = s.take('mail');
    s.now += 1_000;
    expect(s.refuse(complete(lease)).reason).toBe('LEASE_LOST');
    expect(s.recordKinds()).toEqual(['taskFailed', 'taskScheduled']);
    expect(s.refuse(fail(lease)).reason).toBe('LEASE_LOST');
  });

  test('[14] of who lost the item to another one is refused, and the other one settles', () => {
    const s = withItem();
    const lost = s.take('mail');
    s.pass(1_000);
    s.pass(2_000);
    const lease = s.take('mail', { workerId: 'ben' });
    for (const command of [complete(lost), fail(lost)]) expect(s.refuse(command).reason).toBe('LEASE_LOST');
    expect(s.refuse({ kind: 'extendClaim', ...holderOf(PATH, lost), ttlMs: 5 }).reason).toBe('LEASE_LOST');
    s.accept(complete(lease));
  });

  test('[17] with a forged fence, or fence 0 on an item that waits, is refused', () => {
    const s = withItem();
    const forged = { workerId: 'ann', fence: 0n } as Lease;
    expect(s.refuse(complete(forged)).reason).toBe('LEASE_LOST');
    const lease = s.take('mail');
    expect(s.refuse(complete({ ...lease, fence: lease.fence + 1n })).reason).toBe('LEASE_LOST');
    expect(s.refuse(complete({ ...lease, workerId: 'ben' })).reason).toBe('LEASE_LOST');
    expect(s.refuse(complete(lease, 'none')).reason).toBe('ITEM_NOT_FOUND');
  });

  test('[31] of a run that was ended meanwhile is refused', () => {
    const s = withItem();
    const lease = s.take('mail');
    s.accept({ kind: 'terminateRun', ...WHO });
    expect(s.effectKinds()).toEqual(['revoke', 'notify']);
    expect(s.refuse(complete(lease)).reason).toBe('LEASE_LOST');
  });

  test('[15] of a free item ends its run, and is acknowledged again after that', () => {
    const s = withItem();
    const command = complete(s.take('mail'), 'mail', true);
    s.accept(command);
    expect(s.recordKinds()).toEqual(['taskCompleted', 'runEnded']);
    s.accept(command);
    expect(s.events).toEqual([]);
  });
});

describe('a failed attempt', () => {
  test('[64] comes back after 2 s, then 4 s, and is a dead letter after the last; the back-off ends at 64 s', () => {
    const s = createClientScenario();
    s.enqueue('mail', { maxAttempts: 8 });
    for (const waitMs of [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000]) {
      s.accept(fail(s.take('mail')));
      expect(s.effects).toMatchObject([{ kind: 'free' }, { kind: 'queue', item: { notBeforeTime: s.now + waitMs } }]);
      s.now += waitMs;
    }
    expect(s.accept(fail(s.take('mail')))).toEqual({ kind: 'settledItem', deadLetterId: deadLetterId(s) });
    expect(s.recordKinds()).toEqual(['taskFailed', 'itemDied']);
    expect(s.effectKinds()).toEqual(['free']);
    expect(s.client.dead.get(PATH)).toMatchObject({ reason: 'EXHAUSTED', attempt: 8 });
  });

  test('[65] and an expired one share one count', () => {
    const s = withItem();
    s.accept(fail(s.take('mail')));
    s.now += 2_000;
    s.take('mail');
    s.pass(1_000);
    expect(s.effects).toMatchObject([{ kind: 'revoke' }, { kind: 'queue', item: { attempt: 3 } }]);
    s.now += 4_000;
    s.take('mail');
    s.pass(1_000);
    expect(s.client.dead.get(PATH)).toMatchObject({ reason: 'EXPIRED', attempt: 3 });
  });

  test('[67] comes back when its worker says, and does not count when it was only too early', () => {
    const s = withItem();
    s.accept(fail(s.take('mail'), { retryAfterMs: 700 }));
    expect(s.effects[1]).toMatchObject({ kind: 'queue', item: { attempt: 2, notBeforeTime: s.now + 700 } });
    s.now += 700;
    const command = fail(s.take('mail'), { retryAfterMs: 30, countsAttempt: false });
    s.accept(command);
    expect(s.effects[1]).toMatchObject({ kind: 'queue', item: { attempt: 2, notBeforeTime: s.now + 30 } });
    s.accept(command);
    expect(s.events).toEqual([]);
  });

  test('[68] that cannot be decoded is a dead letter at once, and says so again', () => {
    const s = withItem();
    const command = fail(s.take('mail'), { isPoison: true, countsAttempt: false });
    const reply = s.accept(command);
    expect(s.client.dead.get(PATH)?.reason).toBe('POISON');
    expect(s.accept(command)).toEqual(reply);
    expect(s.events).toEqual([]);
  });

  test('[44] of a final failure is the last, and one without a limit never is', () => {
    const s = createClientScenario();
    s.enqueue('mail', { maxAttempts: 0 });
    for (let attempt = 1; attempt <= 5; attempt += 1) s.accept(fail(s.take('mail'), { retryAfterMs: 0 }));
    expect(s.client.dead.size).toBe(0);
    s.accept(fail(s.take('mail'), { failure: failureOf('Never', true) }));
    expect(s.client.dead.size).toBe(1);
  });
});

describe('a dead letter', () => {
  test('[66] is made of what nobody holds, what the caller holds, or of anything by an operator', () => {
    const free = withItem();
    free.accept(move());
    expect(free.effectKinds()).toEqual(['withdraw']);
    const s = withItem();
    const lease = s.take('mail');
    expect(s.refuse(move()).reason).toBe('LEASE_LOST');
    expect(s.refuse(move({ fence: lease.fence + 1n, isOperator: true })).reason).toBe('LEASE_LOST');
    const reply = s.accept(move({ isOperator: true }));
    expect(s.effectKinds()).toEqual(['revoke']);
    expect(reply).toEqual({ kind: 'settledItem', deadLetterId: deadLetterId(s) });
    expect(s.accept(move())).toEqual(reply);
    expect(s.refuse(complete(lease)).reason).toBe('LEASE_LOST');
    const holder = withItem();
    holder.accept(move({ fence: holder.take('mail').fence }));
    expect(holder.client.dead.get(PATH)?.reason).toBe('MOVED');
    expect(holder.refuse(move({ nodePath: itemPath('none') })).reason).toBe('ITEM_NOT_FOUND');
  });

  test('[66] that is put back begins at its first attempt, for any worker', () => {
    const s = withItem();
    s.accept(fail(s.take('mail'), { isPoison: true }));
    const id = deadLetterId(s);
    const requeue = {
      kind: 'requeueDeadLetter',
      deadLetterId: id,
      notBeforeTime: undefined,
      requestedBy: 'bob',
    } as const;
    expect(s.accept(requeue)).toEqual({ kind: 'requeued', nodePath: PATH });
    expect(s.recordKinds()).toEqual(['taskRequeued', 'taskScheduled']);
    expect(s.effects).toMatchObject([{ kind: 'queue', item: { attempt: 1, failedWorkerId: '' } }]);
    expect(s.refuse(requeue).reason).toBe('DEAD_LETTER_NOT_FOUND');
    s.accept(fail(s.take('mail')));
    expect(s.effects[1]).toMatchObject({ item: { attempt: 2 } });
  });

  test('[66] of a run that has ended is not put back', () => {
    const s = withItem();
    s.accept(move());
    s.accept({ kind: 'terminateRun', ...WHO });
    const requeue = { kind: 'requeueDeadLetter', notBeforeTime: undefined, requestedBy: 'bob' } as const;
    const refused = s.refuse({ ...requeue, deadLetterId: deadLetterId(s) });
    expect(refused).toEqual({ reason: 'RUN_TERMINAL', metadata: { state: 'TERMINATED' } });
  });

  test('[66] that is purged is gone with its item; none is fine', () => {
    const s = withItem();
    s.accept(move());
    const purge = {
      kind: 'purgeDeadLetter',
      deadLetterId: deadLetterId(s),
      requestedBy: 'bob',
      endsRun: false,
    } as const;
    s.accept(purge);
    expect([s.client.dead.size, s.client.items.size, s.run.nodes.size]).toEqual([0, 0, 0]);
    s.accept(purge);
    expect(s.events).toEqual([]);
    const free = withItem();
    free.accept(move());
    free.accept({ ...purge, endsRun: true });
    expect(free.run.status).toBe('TERMINATED');
  });

  test('[66] of a task is put back while the run stands there, and nobody claims it before', () => {
    const s = createClientScenario('a');
    s.accept(move({ nodePath: taskPath('a') }));
    const { deadLetterId: id } = s.client.dead.get(taskPath('a')) ?? { deadLetterId: '' };
    expect(s.claim('a')).toBeUndefined();
    s.accept({ kind: 'requeueDeadLetter', deadLetterId: id, notBeforeTime: s.now + 5, requestedBy: 'bob' });
    expect(s.effects).toMatchObject([{ kind: 'queue', item: { attempt: 1, notBeforeTime: s.now + 5 } }]);
    const left = createClientScenario('a');
    left.accept(move({ nodePath: taskPath('a') }));
    left.save({ kind: 'task', taskId: 'b' });
    left.accept({ kind: 'requeueDeadLetter', deadLetterId: id, notBeforeTime: undefined, requestedBy: 'bob' });
    expect(left.offered()).toEqual(['b']);
  });
});
