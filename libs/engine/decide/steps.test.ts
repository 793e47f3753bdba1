import { describe, expect, test } from 'vitest';
import { CHILD_OPTIONS, createScenario, failureOf, payloadOf, recordCommand, stepOf } from '../testing/scenario.ts';
import { waitsFor } from '../views/waits-for.ts';

describe('a step record', () => {
  test('is one event without effects, and takes the next ordinal whatever it holds', () => {
    const s = createScenario();
    const lease = s.lease();
    expect(s.step(lease)).toEqual({ kind: 'ack', ordinal: 1, lastSequence: 4, settled: false });
    expect([s.kinds(), s.effects]).toEqual([['stepRecorded'], []]);
    s.step(lease, { kind: 'value', value: payloadOf('7') });
    s.step(lease, { kind: 'set', key: 'phase', value: payloadOf('"x"') });
    s.step(lease, { kind: 'attributes', attributes: { a: { kind: 'boolean', value: true } }, removed: [] });
    s.step(lease, { kind: 'begin', timeoutMs: 100, heartbeatTimeoutMs: undefined });
    s.step(lease, { kind: 'failed', failure: failureOf('E'), retryTime: s.now + 5 });
    expect(s.run.stepCount).toBe(6);
    expect(s.run.stateKeys.get('phase')).toBe(6);
    expect(s.run.attributes.get('a')).toEqual({ kind: 'boolean', value: true });
  });

  test('[91] with a known ordinal is acknowledged without effect, one after a gap is STEPS_MISSING', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease);
    s.step(lease);
    expect(s.accept(recordCommand(lease, 1))).toMatchObject({ ordinal: 2 });
    expect(s.events).toEqual([]);
    const refused = s.refuse(recordCommand(lease, 4));
    expect(refused).toEqual({ reason: 'STEPS_MISSING', metadata: { expected: '3', actual: '2' } });
  });

  test('[91] that is sent again after its worker has settled is acknowledged', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease);
    s.accept({ kind: 'completeItem', lease, stepCount: 1, output: undefined });
    expect(s.accept(recordCommand(lease, 1))).toMatchObject({ kind: 'ack', ordinal: 1 });
    expect(s.refuse(recordCommand(lease, 2)).reason).toBe('RUN_TERMINAL');
  });

  test('keeps no result and no payload in the run', () => {
    const s = createScenario();
    const lease = s.lease();
    for (let index = 0; index < 50; index++) s.step(lease);
    expect(s.run.openSteps.size + s.run.waits.size).toBe(0);
    expect([...s.run.nodes.keys()]).toEqual(['']);
  });
});

describe('a step that was begun', () => {
  test('[44] times out at its deadline although the worker is silent, which the worker is told', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease, { kind: 'begin', timeoutMs: 100, heartbeatTimeoutMs: undefined }, 'slow');
    s.pass(99);
    expect(s.events).toEqual([]);
    s.pass(1);
    expect(s.lastOf('stepFailed')).toMatchObject({ timedOut: true, ordinal: 0, failure: { type: 'STEP_TIMEOUT' } });
    expect(s.effectKinds()).toEqual(['tell', 'wake']);
    expect(s.run.wakeTime).toBe(Infinity);
  });

  test('does not time out once it is recorded', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease, { kind: 'begin', timeoutMs: 100, heartbeatTimeoutMs: undefined }, 'slow');
    s.step(lease, { kind: 'result', result: undefined }, 'slow');
    expect(s.run.wakeTime).toBe(Infinity);
  });

  test('times out when the shell hears nothing of it, and an attempt that is over does not', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease, { kind: 'begin', timeoutMs: undefined, heartbeatTimeoutMs: 100 }, 'slow');
    s.accept({ kind: 'timeOutStep', step: stepOf('slow'), attempt: 2 });
    expect(s.events).toEqual([]);
    s.accept({ kind: 'timeOutStep', step: stepOf('slow'), attempt: 1 });
    expect(s.kinds()).toEqual(['stepFailed']);
  });
});

describe('a step retry that is far away', () => {
  test('[43] holds no slot: the parked function is offered again when it is due, and keeps attempt and time', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease, { kind: 'failed', failure: failureOf('E'), retryTime: s.now + 60_000 }, 'pay');
    expect(s.run.wakeTime).toBe(Infinity);
    s.yield(lease);
    expect(waitsFor(s.run)).toMatchObject([{ kind: 'retry', dueTime: s.now + 60_000, attempt: 2, failureSequence: 4 }]);
    s.pass(60_000);
    expect(s.kinds()).toEqual(['taskScheduled']);
    expect(s.run.wakeTime).toBe(Infinity);
    expect(waitsFor(s.run)).toMatchObject([{ kind: 'worker' }]);
  });

  test('and is due already when the worker yields, is offered at once', () => {
    const s = createScenario();
    const lease = s.lease();
    s.step(lease, { kind: 'failed', failure: failureOf('E'), retryTime: s.now + 10 }, 'pay');
    s.now += 10;
    s.yield(lease);
    expect(s.kinds()).toEqual(['taskReleased', 'taskScheduled']);
  });
});

describe('a parked timer', () => {
  test('[48] wakes the function when it is due, which holds no worker meanwhile', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'timer', dueTime: s.now + 3_000 });
    s.yield(lease);
    expect(s.effectKinds()).toEqual(['free']);
    expect(s.run.wakeTime).toBe(s.now + 3_000);
    s.pass(2_999);
    expect(s.events).toEqual([]);
    s.pass(1);
    expect(s.kinds()).toEqual(['timerFired', 'taskScheduled']);
    expect(s.effectKinds()).toEqual(['queue']);
  });

  test('[94] in the past fires in the same commit, several at one instant each once, none early', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'timer', dueTime: s.now - 5 }, 'past');
    expect(s.kinds()).toEqual(['timerStarted', 'timerFired']);
    expect(s.effectKinds()).toEqual(['wake']);
    for (const name of ['a', 'b', 'c']) s.park(lease, { kind: 'timer', dueTime: s.now + 10 }, name);
    s.park(lease, { kind: 'timer', dueTime: s.now + 40 * 86_400_000 }, 'far');
    s.pass(10);
    expect(s.kinds()).toEqual(['timerFired', 'timerFired', 'timerFired']);
    s.now -= 3_600_000;
    s.accept({ kind: 'wake' });
    expect(s.events).toEqual([]);
  });

  test('fires in the order in which it was due, also when the run was asleep for long', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'timer', dueTime: s.now + 20 }, 'late');
    s.park(lease, { kind: 'timer', dueTime: s.now + 10 }, 'early');
    s.pass(1_000);
    expect(s.events.map((event) => (event.kind === 'timerFired' ? event.step?.name : ''))).toEqual(['early', 'late']);
  });
});

describe('a wait that is given up', () => {
  test('is over without a record; what has been answered, or was never there, is left alone', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'timer', dueTime: s.now + 50 });
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: 50 });
    const { stepCount } = s.run;
    const led = ['timer', 'signal', 'nothing', 'timer'].map((name) => {
      s.accept({ kind: 'withdrawWait', lease, step: stepOf(name) });
      return s.kinds();
    });
    expect(led).toEqual([['timerWithdrawn'], ['waitWithdrawn'], [], []]);
    expect(s.run.waits.size).toBe(0);
    expect(s.run.stepCount).toBe(stepCount);
    expect(s.run.wakeTime).toBe(Infinity);
    s.pass(100);
    expect(s.events).toEqual([]);
  });

  test("leaves its signal to the next one, and is nobody's but who holds the run", () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined });
    const stale = { ...lease, fence: lease.fence - 1n };
    expect(s.refuse({ kind: 'withdrawWait', lease: stale, step: stepOf('signal') })).toMatchObject({
      reason: 'LEASE_LOST',
    });
    s.accept({ kind: 'withdrawWait', lease, step: stepOf('signal') });
    s.accept({ kind: 'sendSignal', name: 'go', signalId: '', payload: payloadOf('1') });
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined }, 'again');
    expect(s.kinds()).toEqual(['signalWaitStarted', 'signalConsumed']);
  });
});

describe('a yield', () => {
  test('is followed by a new offer at once when news came that the worker may not have heard of', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'signal', name: 'a', timeoutMs: undefined }, 'a');
    s.park(lease, { kind: 'signal', name: 'b', timeoutMs: undefined }, 'b');
    s.accept({ kind: 'sendSignal', name: 'a', signalId: '', payload: undefined });
    s.accept({ kind: 'yieldSlot', lease, knownSequence: 0 });
    expect(s.kinds()).toEqual(['taskReleased', 'taskScheduled']);
    const second = s.lease();
    s.accept({ kind: 'yieldSlot', lease: second, knownSequence: 0 });
    expect(s.kinds()).toEqual(['taskReleased']);
  });

  test('that waits for nothing counts as an attempt, so that the run is not forgotten', () => {
    const s = createScenario();
    s.yield(s.lease());
    expect(s.lastOf('taskFailed').failure.type).toBe('NOTHING_TO_WAIT_FOR');
    expect(s.effectKinds()).toEqual(['free', 'queue']);
  });

  test('that is sent again is acknowledged', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'timer', dueTime: s.now + 5 });
    s.yield(lease);
    expect(s.yield(lease)).toMatchObject({ settled: true });
    expect(s.events).toEqual([]);
  });
});

describe('a child', () => {
  const child = (s: ReturnType<typeof createScenario>, mode: 'WAIT' | 'DETACH' | 'CANCEL_WITH_PARENT') => {
    const lease = s.lease();
    const input = payloadOf('[]');
    const base = { step: stepOf('pick'), runId: 'c1', workflow: 'pick', version: '', input, options: CHILD_OPTIONS };
    s.accept({ kind: 'startChild', lease, ordinal: 1, mode, ...base });
    return lease;
  };
  const childIncarnation = '01980000-0000-7000-8000-000000000002';
  const started = {
    kind: 'reportChildStart',
    scheduledSequence: 4,
    runId: 'c1',
    childIncarnation,
    version: '1',
  } as const;
  const ended = {
    kind: 'reportChildEnd',
    runId: 'c1',
    childIncarnation,
    status: 'COMPLETED',
    output: undefined,
    failure: undefined,
  } as const;

  test('[52] is started, and its end wakes the parent that waits, once [95]', () => {
    const s = createScenario();
    const lease = child(s, 'WAIT');
    expect(s.effects).toMatchObject([{ kind: 'startChild', runId: 'c1', parent: { runId: 'order-42', mode: 'WAIT' } }]);
    s.yield(lease);
    s.accept(started);
    expect(s.kinds()).toEqual(['childStarted']);
    s.accept(ended);
    expect(s.kinds()).toEqual(['childEnded', 'taskScheduled']);
    s.accept(ended);
    s.accept(started);
    expect(s.events).toEqual([]);
  });

  test('[52] that is detached wakes the parent when it has started, and its end when it is parked for', () => {
    const s = createScenario();
    s.yield(child(s, 'DETACH'));
    s.accept(started);
    expect(s.kinds()).toEqual(['childStarted', 'taskScheduled']);
    const lease = s.lease();
    s.park(lease, { kind: 'child', runId: 'c1' });
    s.yield(lease);
    expect(waitsFor(s.run)).toMatchObject([{ kind: 'child', runId: 'c1', incarnation: childIncarnation }]);
    s.accept(ended);
    expect(s.kinds()).toEqual(['childEnded', 'taskScheduled']);
  });

  test('that could not be started is told to the parent', () => {
    const s = createScenario();
    s.yield(child(s, 'WAIT'));
    const rejection = { reason: 'RUN_EXISTS', message: '', metadata: {} };
    s.accept({ kind: 'reportChildRejection', scheduledSequence: 4, runId: 'c1', rejection });
    expect(s.kinds()).toEqual(['childRejected', 'taskScheduled']);
  });

  test('[52] is cancelled with its parent only where it was declared so', () => {
    for (const mode of ['WAIT', 'DETACH', 'CANCEL_WITH_PARENT'] as const) {
      for (const kind of ['cancelRun', 'terminateRun'] as const) {
        const s = createScenario();
        child(s, mode);
        s.accept({ kind, requestedBy: '', reason: '' });
        expect(s.effectKinds().includes('cancelChild')).toBe(mode === 'CANCEL_WITH_PARENT');
      }
    }
  });

  test('that ends after its parent is dropped', () => {
    const s = createScenario();
    child(s, 'WAIT');
    s.accept({ kind: 'terminateRun', requestedBy: '', reason: '' });
    s.accept(ended);
    expect(s.events).toEqual([]);
  });
});
