import type { EventOf } from '../events/event.ts';
import { dropEntry, withEntry } from '../model/open-map.ts';
import type { OpenStep } from '../model/open-things.ts';
import type { Run } from '../model/run.ts';
import { type StepId, stepKey } from '../model/step-id.ts';
import { computeWakeTime, watchesRetries } from '../model/wake-time.ts';
import { countRecord } from './waits.ts';

/** Folds a result: the step is not open any more, if it was. */
export function evolveStepRecorded(run: Run, step: StepId, ordinal: number): void {
  countRecord(run, ordinal);
  // Nearly every step is recorded once and was never open.
  if (run.openSteps.size === 0) return;
  closeStep(run, stepKey(step));
}

/** Folds the begin of an attempt. */
export function evolveStepBegun(run: Run, event: EventOf<'stepBegun'>): void {
  countRecord(run, event.ordinal);
  openStep(run, {
    step: event.step,
    attempt: event.attempt,
    sequence: event.sequence,
    sinceTime: event.eventTime,
    state: 'begun',
    dueTime: event.deadlineTime ?? Infinity,
  });
}

/** Folds a failed attempt: the next one is ahead, or the step is not open any more. */
export function evolveStepFailed(run: Run, event: EventOf<'stepFailed'>): void {
  countRecord(run, event.ordinal);
  if (event.timedOut) run.newsSequence = event.sequence;
  if (event.retryTime === undefined) return closeStep(run, stepKey(event.step));
  return openStep(run, {
    step: event.step,
    attempt: event.attempt + 1,
    sequence: event.sequence,
    sinceTime: event.eventTime,
    state: 'retrying',
    dueTime: event.retryTime,
  });
}

function openStep(run: Run, step: OpenStep): void {
  const key = stepKey(step.step);
  closeStep(run, key);
  run.openSteps = withEntry(run.openSteps, key, step);
  if (step.state === 'retrying' && !watchesRetries(run)) return;
  if (step.dueTime < run.wakeTime) run.wakeTime = step.dueTime;
}

function closeStep(run: Run, key: string): void {
  const open = run.openSteps.get(key);
  if (open === undefined) return;
  dropEntry(run.openSteps, key);
  if (open.dueTime <= run.wakeTime) run.wakeTime = computeWakeTime(run);
}
