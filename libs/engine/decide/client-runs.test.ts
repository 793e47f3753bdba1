import { describe, expect, test } from 'vitest';
import type { Command, CommandKind } from '../commands/command.ts';
import type { RunStatus } from '../model/status.ts';
import { createScenario, payloadOf } from '../testing/scenario.ts';

const EVENT = { type: 'did', data: payloadOf('1'), sourceTime: undefined, metadata: {} };
const STATUSES: readonly RunStatus[] = [
  'PENDING',
  'RUNNING',
  'PAUSED',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
];

function update(status: RunStatus, expectedStatus?: RunStatus): Command {
  const rest = { output: undefined, failure: undefined, requestedBy: '', reason: '' };
  return { kind: 'updateStatus', status, expectedStatus, ...rest };
}

test('[57] events of a CLIENT run are numbered from 1 without gaps, whatever the server does between', () => {
  const s = createScenario('CLIENT');
  s.accept({ kind: 'pauseRun', requestedBy: '', reason: '' });
  const append = (count: number) =>
    s.accept({ kind: 'appendEvents', events: Array.from({ length: count }, () => EVENT), expectedSequence: undefined });
  expect(append(1)).toEqual({ kind: 'appended', firstSequence: 1, lastSequence: 1 });
  s.accept({ kind: 'sendSignal', name: 'go', signalId: '', payload: undefined });
  expect(append(2)).toEqual({ kind: 'appended', firstSequence: 2, lastSequence: 3 });
  expect(s.events.map(({ sequence }) => sequence)).toEqual([2, 3]);
});

test('[57] an append with another expected sequence is SEQUENCE_CONFLICT, and nothing is written', () => {
  const s = createScenario('CLIENT');
  const refused = s.refuse({ kind: 'appendEvents', events: [EVENT], expectedSequence: 1 });
  expect(refused).toEqual({ reason: 'SEQUENCE_CONFLICT', metadata: { expected: '1', actual: '0' } });
  expect(s.run.lastSequence).toBe(0);
});

describe('[60] the status of a CLIENT run', () => {
  const legal = new Set(['PENDING RUNNING', 'RUNNING PAUSED', 'PAUSED RUNNING']);
  const cases = STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const));
  test.each(cases)('that is %s changes to %s only where the table says so, and the same again is fine', (from, to) => {
    const s = createScenario('CLIENT');
    if (from !== 'PENDING') s.accept(update('RUNNING'));
    if (from !== 'PENDING' && from !== 'RUNNING') s.accept(update(from));
    const open = STATUSES.indexOf(from) < 3;
    if (from === to) {
      expect(s.accept(update(to))).toEqual({ kind: 'run', status: to, cancelling: false });
      expect(s.events).toEqual([]);
    } else if (legal.has(`${from} ${to}`) || (open && STATUSES.indexOf(to) >= 3)) {
      s.accept(update(to));
      expect(s.run.status).toBe(to);
    } else {
      expect(s.refuse(update(to))).toEqual({ reason: 'ILLEGAL_STATUS', metadata: { from, to } });
    }
  });

  test('that is set to PAUSED is what a pending pause asked for', () => {
    const s = createScenario('CLIENT');
    s.accept(update('RUNNING'));
    s.accept({ kind: 'pauseRun', requestedBy: 'ann', reason: '' });
    s.accept(update('PAUSED'));
    expect(s.run.pendingPause).toBeUndefined();
    s.accept({ kind: 'resumeRun', requestedBy: 'ann', reason: '' });
    expect(s.accept({ kind: 'checkControls', checks: 'both', taskId: '' })).toMatchObject({ outcome: 'NONE' });
  });

  test('that is not the expected one is not changed', () => {
    const s = createScenario('CLIENT');
    expect(s.refuse(update('RUNNING', 'PAUSED')).reason).toBe('ILLEGAL_STATUS');
  });
});

test('a CLIENT run that takes too long is FAILED(RUN_TIMEOUT) too', () => {
  const s = createScenario('CLIENT', {}, { runTimeoutMs: 5 });
  s.pass(5);
  expect(s.run.status).toBe('FAILED');
  expect(s.lastOf('systemRecord').record).toMatchObject({ kind: 'runEnded', failure: { type: 'RUN_TIMEOUT' } });
});

describe('[9] what only makes sense for the other driver is WRONG_DRIVER', () => {
  const clientOnly: readonly CommandKind[] = [
    'appendEvents',
    'updateStatus',
    'checkControls',
    'consumeSignal',
    'saveSnapshot',
    'saveTaskResult',
    'patchState',
    'claimTask',
    'releaseClaim',
    'extendClaim',
    'forceRelease',
    'enqueueItem',
    'completeWorkItem',
    'failWorkItem',
    'moveToDeadLetter',
    'requeueDeadLetter',
    'purgeDeadLetter',
  ];
  const serverOnly: readonly CommandKind[] = [
    'extendLease',
    'yieldSlot',
    'completeItem',
    'failItem',
    'recordStep',
    'timeOutStep',
    'parkFunction',
    'startChild',
    'announceBuild',
    'reportChildStart',
    'reportChildRejection',
    'reportChildEnd',
  ];
  test.each(clientOnly)('%s of a SERVER run', (kind) => {
    const refused = createScenario('SERVER').refuse({ kind } as Command);
    expect(refused).toEqual({ reason: 'WRONG_DRIVER', metadata: { driver: 'SERVER' } });
  });
  test.each(serverOnly)('%s of a CLIENT run', (kind) => {
    const refused = createScenario('CLIENT').refuse({ kind } as Command);
    expect(refused).toEqual({ reason: 'WRONG_DRIVER', metadata: { driver: 'CLIENT' } });
  });
});
