import { expect, test } from 'vitest';
import { createScenario, startCommand } from '../testing/scenario.ts';
import { type ConflictPolicy, decideConflict } from './conflict.ts';

const existing = { incarnation: 'i1', definitionHash: 'h1', status: 'COMPLETED' } as const;

function terms(policy: ConflictPolicy, definitionHash: string = 'h1', allowNewDefinition: boolean = false) {
  return { policy, definitionHash, allowNewDefinition };
}

test('an id that is free starts a fresh run under every policy', () => {
  for (const policy of ['FAIL', 'USE_EXISTING', 'TERMINATE_EXISTING'] as const) {
    expect(decideConflict(undefined, terms(policy))).toEqual({ kind: 'fresh' });
  }
});

test('[39] an id in use is RUN_EXISTS, or answered, or replaced, as the policy says', () => {
  const refused = { reason: 'RUN_EXISTS', metadata: { state: 'COMPLETED' } };
  expect(decideConflict(existing, terms('FAIL'))).toEqual({ kind: 'rejected', rejection: refused });
  expect(decideConflict(existing, terms('USE_EXISTING'))).toEqual({ kind: 'existing' });
  const replace = { kind: 'replace', incarnation: 'i1' };
  expect(decideConflict(existing, terms('TERMINATE_EXISTING'))).toEqual({ ...replace, terminate: false });
  const open = { ...existing, status: 'PAUSED' } as const;
  expect(decideConflict(open, terms('TERMINATE_EXISTING'))).toEqual({ ...replace, terminate: true });
});

test('[40] another definition hash is DEFINITION_MISMATCH before the policy is looked at, naming both', () => {
  const rejection = { reason: 'DEFINITION_MISMATCH', metadata: { expected: 'h2', found: 'h1' } };
  for (const policy of ['FAIL', 'USE_EXISTING', 'TERMINATE_EXISTING'] as const) {
    expect(decideConflict(existing, terms(policy, 'h2'))).toEqual({ kind: 'rejected', rejection });
  }
  expect(decideConflict(existing, terms('FAIL', 'h2', true))).toEqual({ kind: 'rejected', rejection });
  expect(decideConflict(existing, terms('TERMINATE_EXISTING', 'h2', true))).toMatchObject({ kind: 'replace' });
});

test('a start offers the function of a SERVER run in the same commit', () => {
  const s = createScenario();
  expect(s.kinds()).toEqual(['runStarted', 'taskScheduled']);
  expect(s.effectKinds()).toEqual(['notify', 'queue']);
  expect(s.run).toMatchObject({ status: 'PENDING', lastSequence: 2, createTime: s.now });
});

test('a start of a CLIENT run takes no number of its log', () => {
  const s = createScenario('CLIENT');
  expect(s.kinds()).toEqual(['systemRecord']);
  expect(s.run).toMatchObject({ status: 'PENDING', lastSequence: 0, started: true });
});

test('a second start of an incarnation is RUN_EXISTS', () => {
  expect(createScenario().refuse(startCommand())).toEqual({ reason: 'RUN_EXISTS', metadata: { state: 'PENDING' } });
});

test('whatever is asked of a run that was never started is RUN_NOT_FOUND', () => {
  const s = createScenario('SERVER', {}, null);
  expect(s.refuse({ kind: 'wake' }).reason).toBe('RUN_NOT_FOUND');
});

test('a child tells its parent that it started', () => {
  const parent = { runId: 'p', incarnation: 'pi', nodePath: 'pick', mode: 'WAIT' } as const;
  const s = createScenario('SERVER', {}, { parent });
  expect(s.effects).toContainEqual({ kind: 'tellParent', parent, report: { kind: 'started', version: '1' } });
});
