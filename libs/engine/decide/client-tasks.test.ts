import { describe, expect, test } from 'vitest';
import { taskPath } from '../model/client-path.ts';
import type { Position } from '../model/client-state.ts';
import { type ClientScenario, createClientScenario } from '../testing/client-scenario.ts';

const WHO = { requestedBy: '', reason: '' } as const;

function signal(s: ClientScenario, name: string): void {
  s.accept({ kind: 'sendSignal', name, signalId: '', payload: undefined });
}

describe('what is offered', () => {
  test.each<[Position, readonly string[]]>([
    [{ kind: 'task', taskId: 'a' }, ['a']],
    [{ kind: 'fork', openTasks: ['a', 'b', 'a'] }, ['a', 'b']],
    [{ kind: 'join', taskId: 'c', doneTasks: ['a', 'b'] }, ['c']],
    [{ kind: 'loop', taskId: 'd', iteration: 3 }, ['d']],
    [{ kind: 'delay', untilTime: 2_000_000, nextTask: 'e' }, ['e']],
    [{ kind: 'delay', untilTime: 2_000_000, nextTask: '' }, []],
    [{ kind: 'signal', name: 'go', untilTime: 2_000_000, nextTask: 'f' }, ['f']],
    [{ kind: 'signal', name: 'go', untilTime: undefined, nextTask: 'f' }, []],
  ])('follows from the position %j', (position, offered) => {
    const s = createClientScenario();
    s.save(position);
    expect(s.offered()).toEqual(offered);
    s.save(undefined);
    expect(s.offered()).toEqual([]);
  });

  test('begins with the first task of the start, with its priority and tags', () => {
    const firstTask = { taskId: 'a', priority: 1, tags: ['gpu'] };
    const s = createClientScenario(undefined, { firstTask });
    expect(s.effects).toMatchObject([{ kind: 'notify' }, { kind: 'queue', item: { priority: 1, tags: ['gpu'] } }]);
  });

  test('[23] [48] is due at the end of a delay, and at the time of a wait for a signal', () => {
    const s = createClientScenario();
    s.save({ kind: 'delay', untilTime: s.now + 70, nextTask: 'a' });
    expect(s.effects).toMatchObject([{ kind: 'queue', item: { notBeforeTime: s.now + 70 } }]);
    s.save({ kind: 'signal', name: 'go', untilTime: s.now + 90, nextTask: 'a' });
    expect(s.effects).toMatchObject([{ kind: 'withdraw' }, { kind: 'queue', item: { notBeforeTime: s.now + 90 } }]);
  });

  test('[19] [21] has the priority and tags of its hint, else of the save, else of the run', () => {
    const s = createClientScenario(undefined, { priority: 4 });
    const hints = [{ taskId: 'a', priority: 1, tags: ['gpu', 'eu'] }];
    s.save({ kind: 'fork', openTasks: ['a', 'b'] }, { hints, tags: ['cpu'] });
    expect(s.effects).toMatchObject([
      { kind: 'queue', item: { nodePath: taskPath('a'), priority: 1, tags: ['gpu', 'eu'] } },
      { kind: 'queue', item: { nodePath: taskPath('b'), priority: 4, tags: ['cpu'] } },
    ]);
    s.save({ kind: 'fork', openTasks: ['a', 'b'] }, { hints, tags: ['cpu'], priority: 2 });
    expect(s.effects).toMatchObject([{ kind: 'withdraw' }, { kind: 'queue', item: { priority: 2, tags: ['cpu'] } }]);
    expect(s.run.priority).toBe(2);
  });

  test('[19] keeps its place in the list when a save says the same of it', () => {
    const s = createClientScenario();
    s.save({ kind: 'fork', openTasks: ['a', 'b'] });
    s.now += 1_000;
    s.save({ kind: 'fork', openTasks: ['b'] });
    expect(s.recordKinds()).toEqual(['snapshotSaved', 'taskWithdrawn']);
    expect(s.run.nodes.get(taskPath('b'))?.item?.scheduleTime).toBe(s.now - 1_000);
  });
});

describe('what is done in a fork', () => {
  test('[5] stays done as long as the run is in it, and is to be done again in another one', () => {
    const s = createClientScenario();
    s.save({ kind: 'fork', openTasks: ['a', 'b', 'c'] });
    s.result('a');
    s.save({ kind: 'fork', openTasks: ['a', 'b', 'c'] });
    expect(s.offered()).toEqual(['b', 'c']);
    s.save({ kind: 'fork', openTasks: ['a', 'b'] });
    expect(s.offered()).toEqual(['b']);
    s.save({ kind: 'fork', openTasks: ['a', 'b', 'd'] });
    expect(s.offered().toSorted()).toEqual(['a', 'b', 'd']);
  });

  test('is to be done again when the run comes back to it', () => {
    const s = createClientScenario();
    s.save({ kind: 'fork', openTasks: ['a'] });
    s.result('a');
    s.save({ kind: 'join', taskId: 'j', doneTasks: ['a'] });
    s.save({ kind: 'fork', openTasks: ['a'] });
    expect(s.offered()).toEqual(['a']);
  });
});

describe('a run that stands at a signal', () => {
  const position = { kind: 'signal', name: 'go', untilTime: undefined, nextTask: 'a' } as const;

  test('[34] offers the next task in the commit that buffers it, or at once when it is there', () => {
    const s = createClientScenario();
    s.save(position);
    signal(s, 'other');
    expect(s.recordKinds()).toEqual(['signalReceived']);
    signal(s, 'go');
    expect(s.recordKinds()).toEqual(['signalReceived', 'taskScheduled']);
    expect(s.offered()).toEqual(['a']);
    s.save({ kind: 'task', taskId: 'b' });
    s.save(position);
    expect(s.offered()).toEqual(['a']);
  });

  test('no longer waits for its time once the signal came', () => {
    const s = createClientScenario();
    s.save({ ...position, untilTime: s.now + 500 });
    expect(s.claim('a')).toBeUndefined();
    signal(s, 'go');
    expect(s.effects).toMatchObject([{ kind: 'withdraw' }, { kind: 'queue', item: { notBeforeTime: undefined } }]);
    signal(s, 'go');
    expect(s.recordKinds()).toEqual(['signalReceived']);
  });

  test('[38] offers the next task also to another worker when the one that consumed the signal is lost', () => {
    const s = createClientScenario();
    s.save(position);
    signal(s, 'go');
    s.hold('a');
    expect(s.accept({ kind: 'consumeSignal', name: 'go' })).toMatchObject({ received: expect.any(Number) });
    s.pass(1_000);
    expect(s.offered()).toEqual(['a']);
    s.save(position);
    expect(s.offered()).toEqual([]);
  });

  test('[32] that is PAUSED offers it only after the resume', () => {
    const s = createClientScenario();
    s.save(position);
    s.accept({
      kind: 'updateStatus',
      status: 'PAUSED',
      expectedStatus: undefined,
      output: undefined,
      failure: undefined,
      ...WHO,
    });
    signal(s, 'go');
    expect(s.effects).toEqual([]);
    expect(s.run.status).toBe('PAUSED');
    s.accept({ kind: 'resumeRun', ...WHO });
    expect(s.offered()).toEqual(['a']);
  });
});

describe('a pause that takes effect', () => {
  test('[25] [28] offers nothing between, and the position stays', () => {
    const s = createClientScenario('a');
    s.enqueue('mail');
    s.accept({ kind: 'pauseRun', ...WHO });
    expect(s.effectKinds()).toEqual(['withdraw', 'withdraw', 'notify']);
    s.accept({ kind: 'checkControls', checks: 'both', taskId: 'a' });
    expect(s.recordKinds()).toEqual(['statusChanged', 'controlCleared']);
    expect(s.effectKinds()).toEqual(['notify']);
    s.accept({ kind: 'resumeRun', ...WHO });
    expect(s.effectKinds()).toEqual(['notify', 'queue', 'queue']);
    expect(s.client.position).toEqual({ kind: 'task', taskId: 'a' });
  });

  test('[28] and a cancel: both pending end the run, and nothing was offered', () => {
    const s = createClientScenario('a');
    s.accept({ kind: 'pauseRun', ...WHO });
    s.accept({ kind: 'cancelRun', ...WHO });
    s.accept({ kind: 'clearControl', control: 'PAUSE' });
    expect(s.effects).toEqual([]);
    s.accept({ kind: 'pauseRun', ...WHO });
    expect(s.accept({ kind: 'checkControls', checks: 'pause', taskId: 'a' })).toMatchObject({ outcome: 'CANCELLED' });
    expect(s.effectKinds()).toEqual(['notify']);
  });
});
