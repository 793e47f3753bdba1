import { describe, expect, test } from 'vitest';
import type { Event } from '../events/event.ts';
import { createRun } from '../model/run.ts';
import { createScenario, identityFor, NO_RULES, stepOf } from '../testing/scenario.ts';
import { evolve } from './evolve.ts';

describe('a fold', () => {
  test('[93] throws by name for an event that is not the next one', () => {
    const { run, log } = createScenario();
    expect(() => evolve(run, log[0] as Event)).toThrow('event 1 came where 3 was to come');
  });

  test('throws by name for an event after the end', () => {
    const s = createScenario();
    s.accept({ kind: 'terminateRun', requestedBy: '', reason: '' });
    const late: Event = { kind: 'runResumed', requestedBy: '', sequence: 4, eventTime: s.now };
    expect(() => evolve(s.run, late)).toThrow('after the end');
  });

  test.each<Event>([
    { kind: 'timerFired', nodePath: '', step: undefined, startedSequence: 9, sequence: 3, eventTime: 1 },
    { kind: 'taskReleased', nodePath: '', itemSequence: 2, reason: '', sequence: 3, eventTime: 1 },
    { kind: 'stepRecorded', step: stepOf('a'), result: undefined, attempt: 1, ordinal: 2, sequence: 3, eventTime: 1 },
    { kind: 'childStarted', scheduledSequence: 9, runId: '', incarnation: '', version: '', sequence: 3, eventTime: 1 },
    {
      kind: 'signalConsumed',
      nodePath: '',
      step: undefined,
      name: 'go',
      payload: undefined,
      receivedSequence: 0,
      sequence: 3,
      eventTime: 1,
    },
    { kind: 'raceWon', nodePath: '', winner: '', sequence: 3, eventTime: 1 },
  ])('throws by name for a $kind that contradicts what came before, or is not folded yet', (event) => {
    expect(() => evolve(createScenario().run, event)).toThrow(expect.objectContaining({ name: 'LogError' }));
  });

  test('of the same events gives the same run', () => {
    const s = createScenario();
    s.step(s.lease());
    const again = createRun(identityFor('SERVER'), NO_RULES);
    for (const event of s.log) evolve(again, event);
    expect(again).toEqual(s.run);
  });
});
