import { expect, test } from 'vitest';
import { LogError } from '../model/log-error.ts';
import { runFromSnapshot, snapshotOf } from '../snapshot/snapshot.ts';
import { createScenario, failureOf, identityFor, NO_RULES, type Scenario } from '../testing/scenario.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot-codec.ts';

function busy(steps: number): Scenario {
  const s = createScenario('SERVER', {}, { attributes: { a: { kind: 'keyword', value: 'x' } }, tags: ['gpu'] });
  const lease = s.lease();
  for (let index = 0; index < steps; index++) s.step(lease);
  s.step(lease, { kind: 'begin', timeoutMs: undefined, heartbeatTimeoutMs: undefined }, 'open');
  s.step(lease, { kind: 'failed', failure: failureOf('E'), retryTime: s.now + 9_000 }, 'retried');
  s.park(lease, { kind: 'timer', dueTime: s.now + 5_000 });
  s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined });
  s.accept({ kind: 'sendSignal', name: 'other', signalId: 'id-1', payload: undefined });
  return s;
}

test('a snapshot is the same after it was written and read, and gives the run back', () => {
  const { run } = busy(3);
  const snapshot = decodeSnapshot(encodeSnapshot(snapshotOf(run)));
  expect(snapshot).toEqual(snapshotOf(run));
  expect(runFromSnapshot(identityFor('SERVER'), NO_RULES, snapshot)).toEqual(run);
});

test('the size of a snapshot does not grow with the past', () => {
  const sizes = [10, 2_000].map((steps) => encodeSnapshot(snapshotOf(busy(steps).run)).length);
  expect((sizes[1] ?? 0) - (sizes[0] ?? 0)).toBeLessThan(16);
});

test('a snapshot does not change with the run that it was taken of', () => {
  const s = busy(1);
  const snapshot = snapshotOf(s.run);
  const before = structuredClone(snapshot);
  s.accept({ kind: 'cancelRun', requestedBy: '', reason: '' });
  s.accept({ kind: 'terminateRun', requestedBy: '', reason: '' });
  expect(snapshot).toEqual(before);
});

test('[8] bytes that are cut, of another version, or too long are a named error', () => {
  const bytes = encodeSnapshot(snapshotOf(busy(1).run));
  for (let size = 0; size < bytes.length; size++) {
    expect(() => decodeSnapshot(bytes.subarray(0, size))).toThrow(LogError);
  }
  expect(() => decodeSnapshot(Uint8Array.from([...bytes, 0]))).toThrow('1 bytes follow a snapshot');
  expect(() => decodeSnapshot(Uint8Array.from([9, ...bytes.subarray(1)]))).toThrow('version 9');
});
