import { describe, expect, test } from 'vitest';
import { taskPath } from '../model/client-path.ts';
import { MAX_SNAPSHOTS, type Position } from '../model/client-state.ts';
import { MOVE_ON_MS } from '../model/client-tasks.ts';
import { createClientScenario, holderOf } from '../testing/client-scenario.ts';
import { payloadOf } from '../testing/scenario.ts';

const WHO = { requestedBy: 'bob', reason: 'enough' } as const;
const T1 = { kind: 'task', taskId: 't1' } as const;
const T2 = { kind: 'task', taskId: 't2' } as const;

describe('a save', () => {
  test('[2] makes the second version the head, and the places of both are known', () => {
    const s = createClientScenario();
    expect([s.save(T1), s.save(T2)]).toEqual([1, 2]);
    expect(s.client.snapshots).toEqual([
      { version: 1, place: 2 },
      { version: 2, place: 5 },
    ]);
    for (let version = 3; version <= MAX_SNAPSHOTS + 2; version += 1) s.save(T2);
    expect(s.client.snapshots.map(({ version }) => version)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test('[3] that comes after the end is refused, and the head stays', () => {
    const s = createClientScenario('t1');
    s.save(undefined, { status: 'COMPLETED', output: payloadOf('42') });
    expect(s.run.status).toBe('COMPLETED');
    const { snapshots } = s.client;
    expect(s.refuse(s.saveCommand(T2))).toEqual({ reason: 'RUN_TERMINAL', metadata: { state: 'COMPLETED' } });
    expect(s.refuse(s.saveCommand(undefined, { status: 'FAILED' })).reason).toBe('RUN_TERMINAL');
    expect(s.client.snapshots).toBe(snapshots);
  });

  test('[14] without a fence while somebody holds a task needs the version of the head', () => {
    const s = createClientScenario('t1');
    s.hold('t1');
    expect(s.refuse(s.saveCommand(T2, { expectedVersion: undefined }))).toEqual({
      reason: 'LEASE_LOST',
      metadata: { field: 'expected_version' },
    });
    s.save(T2, { expectedVersion: 0 });
    const conflict = { reason: 'VERSION_CONFLICT', metadata: { expected: '0', actual: '1' } };
    expect(s.refuse(s.saveCommand(T2, { expectedVersion: 0 }))).toEqual(conflict);
  });

  test('[14] [17] under a fence wants one that holds, of the task that it names', () => {
    const s = createClientScenario('t1');
    const { fence } = s.hold('t1');
    expect(s.refuse(s.saveCommand(T2, { fence: fence + 1n })).reason).toBe('LEASE_LOST');
    expect(s.refuse(s.saveCommand(T2, { fence, taskId: 't2' })).reason).toBe('LEASE_LOST');
    s.save(T2, { fence, taskId: 't1' });
    expect(s.lastRecord('snapshotSaved').leasedPath).toBe(taskPath('t1'));
  });

  test('covers no more events than there are', () => {
    const refused = createClientScenario();
    const metadata = { field: 'at_sequence', maximum: '0' };
    expect(refused.refuse(refused.saveCommand(T1, { atSequence: 1 }))).toEqual({ reason: 'INVALID_FIELDS', metadata });
  });

  test('[60] changes the status as a change of status does', () => {
    const s = createClientScenario();
    const metadata = { from: 'PENDING', to: 'PAUSED' };
    expect(s.refuse(s.saveCommand(T1, { status: 'PAUSED' }))).toEqual({ reason: 'ILLEGAL_STATUS', metadata });
    s.save(T1);
    expect(s.recordKinds()).toEqual(['snapshotSaved', 'statusChanged', 'taskScheduled']);
    expect(s.refuse(s.saveCommand(T1, { status: 'PENDING' })).reason).toBe('ILLEGAL_STATUS');
    s.save(T2, { status: 'PAUSED' });
    expect(s.run.status).toBe('PAUSED');
    expect(s.effectKinds()).toEqual(['withdraw', 'notify']);
  });

  test('that ends the run under its lease takes the task from everybody', () => {
    const s = createClientScenario('t1');
    const { fence } = s.hold('t1');
    s.enqueue('mail');
    s.save(undefined, { fence, status: 'FAILED' });
    expect(s.effectKinds()).toEqual(['revoke', 'withdraw', 'notify']);
    expect(s.run).toMatchObject({ status: 'FAILED', wakeTime: Infinity });
    expect(s.refuse({ kind: 'saveTaskResult', taskId: 't1', output: undefined, fence }).reason).toBe('RUN_TERMINAL');
  });

  test('[32] of what was leased before a pause is kept, and does not end the pause', () => {
    const s = createClientScenario('t1');
    const { fence } = s.hold('t1');
    s.accept({ kind: 'pauseRun', ...WHO });
    s.accept({ kind: 'checkControls', checks: 'pause', taskId: 't1' });
    s.save(T2, { fence });
    expect(s.run.status).toBe('PAUSED');
    expect(s.effects).toEqual([]);
    s.accept({ kind: 'resumeRun', ...WHO });
    expect(s.offered()).toEqual(['t2']);
  });

  test('with a pending control keeps the run where it is, and nothing is offered', () => {
    const s = createClientScenario('t1');
    s.accept({ kind: 'cancelRun', ...WHO });
    s.save(T2);
    expect(s.effects).toEqual([]);
    s.accept({ kind: 'clearControl', control: 'CANCEL' });
    expect(s.offered()).toEqual(['t2']);
  });
});

describe('a run that becomes PAUSED by its runtime', () => {
  test('has no pause pending any more, so that a resume lets it go on', () => {
    const s = createClientScenario('t1');
    s.save(T1);
    s.accept({ kind: 'pauseRun', ...WHO });
    s.save(T1, { status: 'PAUSED' });
    expect(s.run).toMatchObject({ pendingPause: undefined, pause: { requestedBy: 'bob' } });
    s.accept({ kind: 'resumeRun', ...WHO });
    expect(s.offered()).toEqual(['t1']);
  });

  test('[30] [28] with a cancel pending is CANCELLED at once, in the name of who asked', () => {
    const s = createClientScenario('t1');
    s.save(T1);
    s.accept({ kind: 'cancelRun', ...WHO });
    const rest = { expectedStatus: undefined, output: undefined, failure: undefined, requestedBy: '', reason: '' };
    expect(s.accept({ kind: 'updateStatus', status: 'PAUSED', ...rest })).toMatchObject({ status: 'CANCELLED' });
    expect(s.recordKinds()).toEqual(['controlCleared', 'runEnded']);
    expect(s.lastRecord('runEnded')).toMatchObject({ status: 'CANCELLED', ...WHO });
    expect(s.effectKinds()).toEqual(['notify']);
  });
});

describe('a result', () => {
  test('[5] of one task touches nothing else', () => {
    const s = createClientScenario();
    s.save({ kind: 'fork', openTasks: ['a', 'b', 'c'] });
    const { snapshots, position } = s.client;
    expect(s.result('a')).toEqual({ kind: 'result', overwritten: false });
    expect(s.effectKinds()).toEqual(['withdraw']);
    s.save({ kind: 'fork', openTasks: ['a', 'b', 'c'] });
    s.result('b');
    s.result('c');
    expect([...s.client.results.keys()]).toEqual(['a', 'b', 'c']);
    expect([snapshots.length, position?.kind]).toEqual([1, 'fork']);
    expect(s.result('a')).toEqual({ kind: 'result', overwritten: true });
  });

  test('[15] under a fence ends the lease; sent again it is acknowledged, also after the end of the run', () => {
    const s = createClientScenario('t1');
    const { fence } = s.hold('t1');
    s.result('t1', fence);
    expect(s.effectKinds()).toEqual(['free', 'queue']);
    for (let time = 0; time < 15; time += 1) {
      expect(s.result('t1', fence)).toEqual({ kind: 'result', overwritten: true });
      expect(s.events).toEqual([]);
    }
    s.save(undefined, { status: 'COMPLETED' });
    s.result('t1', fence);
    expect(s.events).toEqual([]);
  });

  test('[15] is known again after the run came back to the task and left it', () => {
    const s = createClientScenario('t1');
    const { fence } = s.hold('t1');
    s.result('t1', fence);
    s.save(T1);
    s.save(T2);
    expect(s.recordKinds()).toEqual(['snapshotSaved', 'taskWithdrawn', 'taskScheduled']);
    s.result('t1', fence);
    expect(s.events).toEqual([]);
  });

  test('[17] without a fence of what somebody holds, or with one of what nobody holds, is refused', () => {
    const s = createClientScenario('t1');
    const save = { kind: 'saveTaskResult', taskId: 't1', output: undefined } as const;
    expect(s.refuse({ ...save, fence: 7n }).reason).toBe('LEASE_LOST');
    s.hold('t1');
    expect(s.refuse({ ...save, fence: undefined }).reason).toBe('LEASE_LOST');
    expect(s.refuse({ ...save, fence: 0n }).reason).toBe('LEASE_LOST');
  });

  test('[29] of t1 is kept while the run is paused at t2, and t1 is not run again', () => {
    const s = createClientScenario('t1');
    const { fence } = s.hold('t1');
    s.result('t1', fence);
    s.save(T2);
    s.accept({ kind: 'pauseRun', ...WHO });
    s.accept({ kind: 'checkControls', checks: 'both', taskId: 't2' });
    expect(s.client).toMatchObject({ position: T2, results: new Map([['t1', 5]]) });
    expect(s.offered()).toEqual([]);
    s.accept({ kind: 'resumeRun', ...WHO });
    expect(s.offered()).toEqual(['t2']);
  });

  test('of a task that the run has left is kept', () => {
    const s = createClientScenario('t1');
    const { fence } = s.hold('t1');
    s.save(T2, { fence });
    s.result('t1', fence);
    expect(s.client.results.has('t1')).toBe(true);
    expect(s.offered()).toEqual(['t2']);
  });
});

describe('the state document', () => {
  const patch = {
    kind: 'patchState',
    change: 'merge',
    key: '',
    value: payloadOf('{}'),
    expectedVersion: undefined,
  } as const;

  test('[59] keeps every patch since it was whole, and each has the next version', () => {
    const s = createClientScenario();
    expect(s.accept(patch)).toEqual({ kind: 'patched', stateVersion: 1 });
    expect(s.accept({ ...patch, change: 'append', key: 'list' })).toEqual({ kind: 'patched', stateVersion: 2 });
    expect(s.client.statePlaces).toEqual([2, 3]);
    s.accept({ ...patch, change: 'replace', expectedVersion: 2 });
    expect(s.client).toMatchObject({ stateVersion: 3, statePlaces: [4] });
    const metadata = { expected: '2', actual: '3' };
    expect(s.refuse({ ...patch, expectedVersion: 2 })).toEqual({ reason: 'VERSION_CONFLICT', metadata });
  });

  test('[57] takes no number of the log, nor does anything else that the server does', () => {
    const s = createClientScenario('t1');
    const events = [{ type: 'did', data: undefined, sourceTime: undefined, metadata: {} }];
    const append = (): unknown => s.accept({ kind: 'appendEvents', events, expectedSequence: undefined });
    expect(append()).toMatchObject({ firstSequence: 1 });
    const lease = s.hold('t1');
    s.accept(patch);
    s.save(T2, { fence: lease.fence, atSequence: 1 });
    expect(append()).toMatchObject({ firstSequence: 2 });
    s.accept({ kind: 'releaseClaim', ...holderOf(taskPath('t1'), lease), failed: false });
    s.enqueue('mail');
    expect(append()).toMatchObject({ firstSequence: 3 });
    expect(s.client.records + 3).toBe(s.log.length);
  });

  test('of a run that has ended does not change', () => {
    const s = createClientScenario();
    s.accept({ kind: 'terminateRun', ...WHO });
    expect(s.refuse(patch).reason).toBe('RUN_TERMINAL');
  });
});

describe('a save with the result of its task', () => {
  test('ends the lease, keeps the result and offers what comes next in one commit', () => {
    const s = createClientScenario('a');
    const { fence } = s.hold('a');
    const result = { output: payloadOf('7') };
    s.save(T2, { fence, taskId: 'a', result });
    expect(s.recordKinds()).toEqual(['taskCompleted', 'snapshotSaved', 'taskScheduled']);
    expect(s.offered()).toEqual(['t2']);
    expect([s.client.held.size, s.client.results.has('a'), s.client.done.size]).toEqual([0, true, 0]);
    expect(s.refuse(s.saveCommand(T2, { fence, taskId: 'a', result })).reason).toBe('LEASE_LOST');
  });

  test('offers the task again where the run stands at it again, as a first attempt', () => {
    const s = createClientScenario('a');
    s.hold('a');
    s.pass(1_000);
    const { fence } = s.hold('a');
    s.save({ kind: 'loop', taskId: 'a', iteration: 1 }, { fence, taskId: 'a', result: { output: undefined } });
    expect(s.effects).toMatchObject([{ kind: 'free' }, { kind: 'queue', item: { attempt: 1, failedWorkerId: '' } }]);
  });

  test('is done in the same fork, and may end the run', () => {
    const s = createClientScenario();
    s.save({ kind: 'fork', openTasks: ['a', 'b'] });
    const a = s.hold('a');
    const fork: Position = { kind: 'fork', openTasks: ['a', 'b'] };
    s.save(fork, { fence: a.fence, taskId: 'a', result: { output: undefined } });
    expect(s.offered()).toEqual(['b']);
    const b = s.hold('b');
    s.save(undefined, { fence: b.fence, taskId: 'b', result: { output: undefined }, status: 'COMPLETED' });
    expect([s.run.status, s.offered()]).toEqual(['COMPLETED', []]);
  });
});

describe('a result whose saver dies before it says where the run goes on', () => {
  test('offers the task once more after a while, and a save in time takes that back', () => {
    const s = createClientScenario('t1');
    s.result('t1', s.hold('t1').fence);
    expect(s.claim('t1')).toBeUndefined();
    expect(s.offered()).toEqual(['t1']);
    s.pass(MOVE_ON_MS);
    const { fence } = s.hold('t1');
    s.save(T2, { fence, taskId: 't1' });
    expect(s.offered()).toEqual(['t2']);
  });

  test('of a fork offers the task that was done last', () => {
    const s = createClientScenario();
    s.save({ kind: 'fork', openTasks: ['a', 'b'] });
    s.result('a');
    expect(s.offered()).toEqual(['b']);
    s.result('b');
    expect(s.offered()).toEqual(['b']);
    s.result('a');
    expect(s.offered()).toEqual(['a']);
    s.save({ kind: 'join', taskId: 'c', doneTasks: ['a', 'b'] });
    expect(s.offered()).toEqual(['c']);
  });
});
