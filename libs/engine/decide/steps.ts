import type { LeaseProof } from '../commands/item-commands.ts';
import type { ParkFunction, RecordStep, StartChild, TimeOutStep, WithdrawWait } from '../commands/step-commands.ts';
import type { Event } from '../events/event.ts';
import { engineFailure } from '../model/failure.ts';
import type { OpenStep } from '../model/open-things.ts';
import { ROOT, type Run } from '../model/run.ts';
import { stepKey } from '../model/step-id.ts';
import { type Decision, DONE, nothing } from './decision.ts';
import { ack, append, appended, createDraft, type Draft } from './draft.ts';
import { heldNode, refuseProof, settledBy } from './lease-check.ts';
import { rouseFunction } from './schedule.ts';
import { stepsMissing } from './step-count.ts';

/**
 * The answer to a record that is not the next one, or undefined when it is. A known ordinal is acknowledged without
 * effect, also from a worker that has settled since: it sends again what was not acknowledged [91]. A gap is
 * STEPS_MISSING.
 */
function checkOrdinal(run: Run, proof: LeaseProof, ordinal: number): Decision | undefined {
  if (heldNode(run, proof) === undefined) {
    if (ordinal <= run.stepCount && settledBy(run, proof) !== undefined) {
      return nothing(ack(run.stepCount, run.lastSequence, false));
    }
    return refuseProof(run, proof, undefined);
  }
  if (ordinal <= run.stepCount) return nothing(ack(run.stepCount, run.lastSequence, false));
  return ordinal === run.stepCount + 1 ? undefined : stepsMissing(run, ordinal - 1);
}

/** Records what a function did. The one hot path of the engine: it looks at the lease and at one counter. */
export function decideRecordStep(run: Run, command: RecordStep, now: number): Decision {
  const answer = checkOrdinal(run, command.lease, command.ordinal);
  if (answer !== undefined) return answer;
  const event = stepEvent(command, run.lastSequence + 1, now);
  return { kind: 'append', events: [event], reply: ack(command.ordinal, event.sequence, false) };
}

function stepEvent(command: RecordStep, sequence: number, eventTime: number): Event {
  const { step, attempt, ordinal, record } = command;
  switch (record.kind) {
    case 'result':
      return { kind: 'stepRecorded', step, result: record.result, attempt, ordinal, sequence, eventTime };
    case 'begin': {
      const deadlineTime = record.timeoutMs === undefined ? undefined : eventTime + record.timeoutMs;
      const heartbeatTimeoutMs = record.heartbeatTimeoutMs;
      return { kind: 'stepBegun', step, attempt, deadlineTime, heartbeatTimeoutMs, ordinal, sequence, eventTime };
    }
    case 'failed': {
      const { failure, retryTime } = record;
      return { kind: 'stepFailed', step, failure, attempt, retryTime, ordinal, timedOut: false, sequence, eventTime };
    }
    case 'value':
      return { kind: 'valueRecorded', step, value: record.value, ordinal, sequence, eventTime };
    case 'set':
      return { kind: 'stateSet', key: record.key, value: record.value, step, ordinal, sequence, eventTime };
    case 'attributes': {
      const { attributes, removed } = record;
      return { kind: 'attributesSet', attributes, removed, step, ordinal, sequence, eventTime };
    }
  }
}

/** An attempt of a step was silent for too long. One that is over by now is left alone. */
export function decideTimeOutStep(run: Run, command: TimeOutStep, now: number): Decision {
  const open = run.openSteps.get(stepKey(command.step));
  if (open === undefined || open.state !== 'begun' || open.attempt !== command.attempt) return nothing(DONE);
  const draft = createDraft(run, now);
  timeOutStep(draft, open);
  rouseFunction(run, draft);
  return appended(draft, DONE);
}

/** The server's own record of an attempt that took too long; what follows is for the code to say. */
export function timeOutStep(draft: Draft, open: OpenStep): void {
  append(draft, {
    kind: 'stepFailed',
    step: open.step,
    failure: engineFailure('STEP_TIMEOUT', 'the attempt took longer than it may'),
    attempt: open.attempt,
    retryTime: undefined,
    ordinal: 0,
    timedOut: true,
  });
}

/** Records that a function waits. What is there already, or due already, ends the wait in the same commit [34, 38]. */
export function decidePark(run: Run, command: ParkFunction, now: number): Decision {
  const answer = checkOrdinal(run, command.lease, command.ordinal);
  if (answer !== undefined) return answer;
  const { step, ordinal, wait } = command;
  const draft = createDraft(run, now);
  switch (wait.kind) {
    case 'timer': {
      const startedSequence = append(draft, {
        kind: 'timerStarted',
        nodePath: ROOT,
        step,
        dueTime: wait.dueTime,
        ordinal,
      });
      if (wait.dueTime <= now) append(draft, { kind: 'timerFired', nodePath: ROOT, step, startedSequence });
      break;
    }
    case 'signal':
      waitForSignal(run, draft, command, wait.name, wait.timeoutMs);
      break;
    case 'child':
      append(draft, { kind: 'childWaitStarted', nodePath: ROOT, step, runId: wait.runId, ordinal });
      break;
  }
  return appended(draft, ack(ordinal, draft.sequence, false));
}

function waitForSignal(
  run: Run,
  draft: Draft,
  command: ParkFunction,
  name: string,
  timeoutMs: number | undefined,
): void {
  const { step, ordinal } = command;
  const untilTime = timeoutMs === undefined ? undefined : draft.time + timeoutMs;
  const startedSequence = append(draft, {
    kind: 'signalWaitStarted',
    nodePath: ROOT,
    step,
    name,
    untilTime,
    ordinal,
  });
  const buffered = run.signals.byName.get(name)?.[0];
  if (buffered !== undefined) {
    const { receivedSequence } = buffered;
    append(draft, { kind: 'signalConsumed', nodePath: ROOT, step, name, payload: undefined, receivedSequence });
  } else if (untilTime !== undefined && untilTime <= draft.time) {
    append(draft, { kind: 'signalWaitTimedOut', nodePath: ROOT, step, name, startedSequence });
  }
}

/** Ends a wait that nobody needs. What was buffered for it meanwhile was consumed, and is not given back. */
export function decideWithdrawWait(run: Run, { lease, step }: WithdrawWait, now: number): Decision {
  if (heldNode(run, lease) === undefined) return refuseProof(run, lease, undefined);
  const key = stepKey(step);
  for (const wait of run.waits.values()) {
    if (wait.step === undefined || stepKey(wait.step) !== key) continue;
    const draft = createDraft(run, now);
    const { startedSequence } = wait;
    append(draft, { kind: wait.kind === 'timer' ? 'timerWithdrawn' : 'waitWithdrawn', startedSequence });
    return appended(draft, DONE);
  }
  return nothing(DONE);
}

/** Records that a function starts a child run. Whether it could be started is told by a later event. */
export function decideStartChild(run: Run, command: StartChild, now: number): Decision {
  const answer = checkOrdinal(run, command.lease, command.ordinal);
  if (answer !== undefined) return answer;
  const { step, runId, workflow, version, mode, input, ordinal, options } = command;
  const draft = createDraft(run, now);
  append(draft, {
    kind: 'childScheduled',
    nodePath: ROOT,
    step,
    runId,
    workflow,
    version,
    mode,
    input,
    ordinal,
    options,
  });
  return appended(draft, ack(ordinal, draft.sequence, false));
}
