import { describe, expect, test } from 'vitest';
import type { Event } from '../events/event.ts';
import { createScenario, payloadOf, type Scenario } from '../testing/scenario.ts';

function send(s: Scenario, name: string, json: string = 'null', signalId: string = ''): void {
  s.accept({ kind: 'sendSignal', name, signalId, payload: payloadOf(json) });
}

function consumed(events: readonly Event[]): readonly number[] {
  return events.flatMap((event) => (event.kind === 'signalConsumed' ? [event.receivedSequence] : []));
}

describe('a signal', () => {
  test('[34] sent before the run waits is consumed by the wait in the same commit, first in, first out', () => {
    const s = createScenario();
    const lease = s.lease();
    send(s, 'go', '1');
    send(s, 'other', '9');
    send(s, 'go', '2');
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined }, 'a');
    expect(s.kinds()).toEqual(['signalWaitStarted', 'signalConsumed']);
    expect(consumed(s.events)).toEqual([4]);
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined }, 'b');
    expect(consumed(s.events)).toEqual([6]);
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined }, 'c');
    expect(s.kinds()).toEqual(['signalWaitStarted']);
    expect(s.run.signals).toMatchObject({ count: 1, bytes: 1 });
  });

  test('[34] [38] to a parked run consumes and advances in one commit, another name stays buffered', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined });
    s.yield(lease);
    send(s, 'other');
    expect(s.kinds()).toEqual(['signalReceived']);
    send(s, 'go', '"now"');
    expect(s.kinds()).toEqual(['signalConsumed', 'taskScheduled']);
    expect(s.lastOf('signalConsumed').payload).toEqual(payloadOf('"now"'));
    expect(s.effectKinds()).toEqual(['queue']);
  });

  test('to a run that a worker has is sent on to the worker', () => {
    const s = createScenario();
    s.park(s.lease(), { kind: 'signal', name: 'go', timeoutMs: undefined });
    send(s, 'go');
    expect(s.effects).toMatchObject([{ kind: 'wake', events: [{ kind: 'signalConsumed' }] }]);
  });

  test('goes to the wait that has waited longest', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined }, 'first');
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined }, 'second');
    send(s, 'go');
    expect(s.lastOf('signalConsumed').step?.name).toBe('first');
  });

  test('[36] with a known id is stored once, also when it was consumed at once', () => {
    const s = createScenario();
    s.park(s.lease(), { kind: 'signal', name: 'go', timeoutMs: undefined });
    send(s, 'go', '1', 'id-1');
    expect(s.kinds()).toEqual(['signalReceived', 'signalConsumed']);
    const again = s.accept({ kind: 'sendSignal', name: 'go', signalId: 'id-1', payload: undefined });
    expect(again).toEqual({ kind: 'signal', duplicate: true });
    expect(s.events).toEqual([]);
  });

  test('[36] id is forgotten after ten thousand others', () => {
    const s = createScenario('CLIENT');
    for (let index = 0; index <= 10_000; index++) {
      send(s, 'go', '', `id-${index}`);
      s.accept({ kind: 'consumeSignal', name: 'go' });
    }
    expect(s.run.signals.ids.size).toBe(10_000);
    expect(s.run.signals.ids.has('id-0')).toBe(false);
    expect(s.accept({ kind: 'sendSignal', name: 'go', signalId: 'id-1', payload: undefined })).toMatchObject({
      duplicate: true,
    });
  });

  test('[36] to a run that has ended is RUN_TERMINAL', () => {
    const s = createScenario();
    s.accept({ kind: 'terminateRun', requestedBy: '', reason: '' });
    const refused = s.refuse({ kind: 'sendSignal', name: 'go', signalId: '', payload: undefined });
    expect(refused).toEqual({ reason: 'RUN_TERMINAL', metadata: { state: 'TERMINATED' } });
  });

  test('is refused when 10 000 are buffered, but not when somebody waits for it', () => {
    const s = createScenario();
    for (let index = 0; index < 10_000; index++) send(s, 'go', '');
    const refused = s.refuse({ kind: 'sendSignal', name: 'go', signalId: '', payload: undefined });
    expect(refused).toEqual({ reason: 'SIGNALS_FULL', metadata: { limit: 'signals', maximum: '10000' } });
    s.park(s.lease(), { kind: 'signal', name: 'stop', timeoutMs: undefined });
    send(s, 'stop');
  });

  test('is refused when 16 MiB are buffered, wherever the bytes are', () => {
    const s = createScenario();
    const large = {
      contentType: '',
      encodings: [],
      data: undefined,
      ref: { sha256: new Uint8Array(32), size: 2 ** 24 },
    };
    s.accept({ kind: 'sendSignal', name: 'go', signalId: '', payload: large });
    const refused = s.refuse({ kind: 'sendSignal', name: 'go', signalId: '', payload: payloadOf('1') });
    expect(refused).toEqual({ reason: 'SIGNALS_FULL', metadata: { limit: 'bytes', maximum: '16777216' } });
  });
});

describe('a wait for a signal', () => {
  test('[37] that is over is not resumed by a signal that comes after, which is buffered', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: 1_000 });
    s.yield(lease);
    s.now += 1_000;
    send(s, 'go');
    expect(s.kinds()).toEqual(['signalWaitTimedOut', 'taskScheduled', 'signalReceived']);
  });

  test('with no time at all takes what is buffered or is over at once', () => {
    const s = createScenario();
    const lease = s.lease();
    s.park(lease, { kind: 'signal', name: 'go', timeoutMs: 0 });
    expect(s.kinds()).toEqual(['signalWaitStarted', 'signalWaitTimedOut']);
  });
});

test('[33] a CLIENT run consumes its signals in order, then none is there', () => {
  const s = createScenario('CLIENT');
  send(s, 'go', '1');
  send(s, 'stop', '2');
  send(s, 'go', '3');
  const take = () => s.accept({ kind: 'consumeSignal', name: 'go' });
  expect([take(), take(), take()]).toMatchObject([{ received: 2 }, { received: 4 }, { received: undefined }]);
  expect(s.run.lastSequence).toBe(0);
});
