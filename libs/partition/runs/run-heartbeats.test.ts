import { describe, expect, test } from 'vitest';
import { stepKey } from '#libs/engine/model/step-id.ts';
import { createScenario, payloadOf, stepOf } from '#libs/engine/testing/scenario.ts';
import { type HeardRun, isBegun, maybeDetails, noteDetails, noteStepHeard, wasHeard } from './run-heartbeats.ts';

const BEGIN = { kind: 'begin', timeoutMs: undefined, heartbeatTimeoutMs: 1_000 } as const;

describe('what workers say of attempts', () => {
  test('the last details of a node are kept, until others come', () => {
    const hot: HeardRun = { run: createScenario().run, heartbeats: undefined };
    expect(maybeDetails(hot, '')).toBeUndefined();
    noteDetails(hot, '', payloadOf('1'));
    noteDetails(hot, 'other', payloadOf('2'));
    noteDetails(hot, '', payloadOf('3'));
    expect(maybeDetails(hot, '')).toEqual(payloadOf('3'));
    expect(maybeDetails(hot, 'other')).toEqual(payloadOf('2'));
  });

  test('a step is heard of only while its attempt is under way', () => {
    const scenario = createScenario();
    const hot: HeardRun = { run: scenario.run, heartbeats: undefined };
    const proof = scenario.lease();
    noteStepHeard(hot, stepOf('a'), 5);
    expect(hot.heartbeats).toBeUndefined();
    scenario.step(proof, BEGIN, 'a');
    const [begun] = scenario.run.openSteps.values();
    const step = begun?.step ?? stepOf('a');
    expect(isBegun(hot, step)).toBe(true);
    expect(wasHeard(hot, step)).toBe(false);
    noteStepHeard(hot, step, 7);
    noteStepHeard(hot, step, 9);
    expect(hot.heartbeats?.steps.get(stepKey(step))).toBe(9);
    scenario.accept({ kind: 'timeOutStep', step, attempt: 1 });
    expect(isBegun(hot, step)).toBe(false);
    expect(wasHeard(hot, step)).toBe(true);
    noteStepHeard(hot, step, 11);
    expect(hot.heartbeats?.steps.get(stepKey(step))).toBe(9);
  });

  test('a thousand steps are remembered, the ones that were heard of last', () => {
    const scenario = createScenario();
    const hot: HeardRun = { run: scenario.run, heartbeats: undefined };
    const proof = scenario.lease();
    for (let count = 0; count < 1_001; count += 1) scenario.step(proof, BEGIN, `s${count}`);
    const steps = Array.from(scenario.run.openSteps.values(), ({ step }) => step);
    for (const [at, step] of steps.entries()) noteStepHeard(hot, step, at);
    expect(hot.heartbeats?.steps.size).toBe(1_000);
    expect(wasHeard(hot, steps[0] ?? stepOf(''))).toBe(false);
    expect(wasHeard(hot, steps[1] ?? stepOf(''))).toBe(true);
  });
});
