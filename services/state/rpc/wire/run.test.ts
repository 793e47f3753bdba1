import { fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { type Run as RunMessage, RunSchema, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import type { EventOf } from '#libs/engine/events/event.ts';
import { createScenario, failureOf, payloadOf, type Scenario } from '#libs/engine/testing/scenario.ts';
import { payloadToProto } from './payload.ts';
import { type RunExtras, type RunFacts, runToProto } from './run.ts';
import { shapeFaults } from './testing/shape-faults.ts';
import { timestampFromTime } from './timestamp.ts';

const RETENTION_MS = 60_000;
const VIEWS = [RunView.UNSPECIFIED, RunView.BASIC, RunView.STATE, RunView.FULL] as const;

function factsOf({ run, log }: Scenario): RunFacts {
  const ended = log.find((event): event is EventOf<'runEnded'> => event.kind === 'runEnded');
  return {
    identity: run.identity,
    run,
    start: { request: undefined, retentionMs: RETENTION_MS, traceparent: '' },
    ended,
  };
}

function viewOf(s: Scenario, view: RunView, extras?: RunExtras): RunMessage {
  const message = runToProto(factsOf(s), view, extras);
  expect(shapeFaults(RunSchema, message)).toEqual([]);
  const read = fromBinary(RunSchema, toBinary(RunSchema, message));
  expect(toJson(RunSchema, read)).toEqual(toJson(RunSchema, message));
  return message;
}

/** A function that failed for good. */
function failed(): Scenario {
  const s = createScenario('SERVER', {}, { attributes: { a: { kind: 'boolean', value: true } }, tags: ['eu'] });
  const lease = s.lease();
  s.step(lease);
  s.now += 500;
  const failure = { ...failureOf('E', true), stack: 'at x', causes: [{ type: 'C', message: 'm', stack: 'at y' }] };
  s.accept({
    kind: 'failItem',
    lease,
    stepCount: 1,
    failure,
    retryAfterMs: undefined,
    divergence: undefined,
    random: 0,
  });
  return s;
}

/** A function that waits for a signal and for a step's next attempt. */
function parked(): Scenario {
  const s = createScenario();
  const lease = s.lease();
  s.park(lease, { kind: 'signal', name: 'go', timeoutMs: undefined });
  s.step(lease, { kind: 'failed', failure: failureOf('E'), retryTime: s.now + 9_000 }, 'charge');
  s.accept({ kind: 'yieldSlot', lease, knownSequence: s.run.lastSequence });
  return s;
}

describe('a run', () => {
  test('that has ended says how, who, since when and until when it is kept', () => {
    const s = failed();
    const start = s.now - 500;
    expect(viewOf(s, RunView.BASIC)).toMatchObject({
      tenantId: 'default',
      runId: 'order-42',
      incarnation: s.run.identity.incarnation,
      workflow: 'order',
      version: '1',
      definitionHash: 'h1',
      driver: 1,
      status: 5,
      cancelling: false,
      priority: 3,
      tags: ['eu'],
      attributes: { a: { kind: { case: 'booleanValue', value: true } } },
      lastSequence: BigInt(s.run.lastSequence),
      stepRecords: 1n,
      createTime: timestampFromTime(start),
      startTime: timestampFromTime(start),
      endTime: timestampFromTime(s.now),
      updateTime: timestampFromTime(s.now),
      wakeTime: undefined,
      expireTime: timestampFromTime(s.now + RETENTION_MS),
      queue: 'default',
      quarantined: false,
    });
  });

  test('that was ended by a control says who did it and why', () => {
    const s = createScenario();
    s.accept({ kind: 'terminateRun', requestedBy: 'ann', reason: 'enough' });
    expect(viewOf(s, RunView.BASIC)).toMatchObject({ status: 7, endedBy: 'ann', endReason: 'enough' });
  });

  test('that is open has no end, and its time-out is when it wakes', () => {
    const s = createScenario('SERVER', {}, { runTimeoutMs: 5_000 });
    const message = viewOf(s, RunView.BASIC);
    expect(message).toMatchObject({ status: 1, endTime: undefined, expireTime: undefined, startTime: undefined });
    expect(message.wakeTime).toEqual(timestampFromTime(s.now + 5_000));
    expect(viewOf(createScenario(), RunView.BASIC).wakeTime).toBeUndefined();
  });

  test('whose item is held back wakes when it is offered again, for whoever says what time it is', () => {
    const s = createScenario();
    s.accept({ kind: 'expireLease', lease: s.lease() });
    expect(viewOf(s, RunView.BASIC).wakeTime).toBeUndefined();
    expect(viewOf(s, RunView.BASIC, { now: s.now }).wakeTime).toEqual(timestampFromTime(s.now + 2_000));
    expect(viewOf(s, RunView.BASIC, { now: s.now + 2_000 }).wakeTime).toBeUndefined();
  });

  test('that is a child names its parent', () => {
    const parent = { runId: 'p', incarnation: 'i', nodePath: 'pick', mode: 'DETACH' } as const;
    const s = createScenario('SERVER', {}, { parent });
    expect(viewOf(s, RunView.BASIC).parent).toMatchObject({ runId: 'p', nodePath: 'pick', mode: 2 });
  });

  test('[27] shows the controls that are asked for, until they took effect', () => {
    const client = createScenario('CLIENT');
    const to = { expectedStatus: undefined, output: undefined, failure: undefined, requestedBy: '', reason: '' };
    client.accept({ kind: 'updateStatus', status: 'RUNNING', ...to });
    client.accept({ kind: 'cancelRun', requestedBy: 'ann', reason: 'r' });
    client.accept({ kind: 'pauseRun', requestedBy: 'bob', reason: 's' });
    expect(viewOf(client, RunView.BASIC)).toMatchObject({
      driver: 2,
      status: 2,
      waits: [],
      controls: [
        { kind: 1, requestedBy: 'ann', reason: 'r', requestTime: timestampFromTime(client.now) },
        { kind: 2, requestedBy: 'bob', reason: 's' },
      ],
    });
    const s = createScenario();
    s.lease();
    s.accept({ kind: 'cancelRun', requestedBy: 'ann', reason: 'r' });
    expect(viewOf(s, RunView.BASIC)).toMatchObject({ status: 2, cancelling: true, controls: [{ kind: 1 }] });
    s.accept({ kind: 'terminateRun', requestedBy: 'ann', reason: 'r' });
    expect(viewOf(s, RunView.BASIC).controls).toEqual([]);
  });

  test('whose log could not be folded says so', () => {
    const extras = { quarantined: true, expireTime: 5_000 };
    expect(viewOf(failed(), RunView.BASIC, extras)).toMatchObject({
      quarantined: true,
      expireTime: timestampFromTime(5_000),
    });
  });
});

describe('a view', () => {
  const extras = { input: payloadOf('{"i":1}'), state: payloadOf('{"s":1}') };

  test.each([
    [RunView.UNSPECIFIED, false, false],
    [RunView.BASIC, false, false],
    [RunView.STATE, true, false],
    [RunView.FULL, true, true],
  ])('of number %i shows what it is to show', (view, hasState, hasDocuments) => {
    const message = viewOf(failed(), view, extras);
    expect(message.state !== undefined).toBe(hasState);
    const client = createScenario('CLIENT', {}, { firstTask: { taskId: 't', priority: 2, tags: [] } });
    expect(viewOf(client, view).position?.at.case).toBe(hasState ? 'atTask' : undefined);
    expect(message.input !== undefined).toBe(hasDocuments);
    const stack = hasDocuments ? 'at x' : '';
    const causes = [{ type: 'C', message: 'm', stack: hasDocuments ? 'at y' : '' }];
    expect(message.failure).toMatchObject({ type: 'E', message: 'it broke', stack, causes });
    expect(viewOf(parked(), view).waits).toHaveLength(hasState ? 2 : 0);
  });

  test('that is FULL has the output, readable unless bytes are wanted', () => {
    const s = createScenario();
    s.accept({ kind: 'completeItem', lease: s.lease(), stepCount: 0, output: payloadOf('[1]') });
    for (const view of VIEWS) expect(viewOf(s, view).output !== undefined).toBe(view === RunView.FULL);
    expect(viewOf(s, RunView.FULL).output?.value).toEqual({ case: 'json', value: '[1]' });
    expect(viewOf(s, RunView.FULL, { payload: payloadToProto }).output?.value.case).toBe('data');
  });

  test('with waits has the failure of an attempt that is waited after, if it is at hand', () => {
    const s = parked();
    const { sequence, failure } = s.lastOf('stepFailed');
    const failureAt = (at: number): typeof failure | undefined => (at === sequence ? failure : undefined);
    const [, retry] = viewOf(s, RunView.STATE, { failureAt }).waits;
    expect(retry?.kind).toMatchObject({ case: 'retry', value: { attempt: 2, failure: { type: 'E' } } });
    const [signal, unknown] = viewOf(s, RunView.STATE).waits;
    expect(signal?.kind).toMatchObject({ case: 'signal', value: { name: 'go' } });
    expect(unknown?.kind).toMatchObject({ case: 'retry', value: { failure: undefined } });
  });
});
