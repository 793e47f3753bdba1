import { expect, test } from 'vitest';
import { createScenario } from '../testing/scenario.ts';
import { waitsFor } from './waits-for.ts';

test('a run waits for a worker to take its item, then for the one that has it', () => {
  const s = createScenario('SERVER', {}, { queue: 'gpu' });
  const item = { kind: 'worker', nodePath: '', itemSequence: 2, queue: 'gpu' };
  expect(waitsFor(s.run)).toMatchObject([{ ...item, workerId: '', sinceTime: s.now }]);
  s.now += 5;
  s.lease({ workerId: 'w7' });
  expect(waitsFor(s.run)).toMatchObject([{ ...item, workerId: 'w7', sinceTime: s.now }]);
});

test('a parked run waits for its timers and signals, each since when and until when', () => {
  const s = createScenario();
  const lease = s.lease();
  s.park(lease, { kind: 'timer', dueTime: s.now + 5_000 });
  s.park(lease, { kind: 'signal', name: 'go', timeoutMs: 7_000 });
  s.yield(lease);
  expect(waitsFor(s.run)).toMatchObject([
    { kind: 'timer', step: { name: 'timer' }, sinceTime: s.now, dueTime: s.now + 5_000 },
    { kind: 'signal', step: { name: 'signal' }, name: 'go', untilTime: s.now + 7_000 },
  ]);
});

test('a run whose lease expired waits for its next attempt, and the reason is in the log', () => {
  const s = createScenario();
  s.accept({ kind: 'expireLease', lease: s.lease() });
  const dueTime = s.now + 2_000;
  expect(waitsFor(s.run)).toMatchObject([{ kind: 'retry', dueTime, attempt: 2, failureSequence: 4 }]);
});

test('a run that has ended waits for nothing', () => {
  const s = createScenario();
  s.accept({ kind: 'terminateRun', requestedBy: '', reason: '' });
  expect(waitsFor(s.run)).toEqual([]);
});
