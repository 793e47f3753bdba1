import type { EventOf } from '../events/event.ts';
import { LogError } from '../model/log-error.ts';
import { dropEntry, withEntry } from '../model/open-map.ts';
import { waitEndTime } from '../model/open-things.ts';
import { ROOT, type Run } from '../model/run.ts';
import { computeWakeTime } from '../model/wake-time.ts';

/** Counts a step record. It proves that the function gets on, so expired leases before it count no more. */
export function countRecord(run: Run, ordinal: number): void {
  if (ordinal === 0) return;
  if (ordinal !== run.stepCount + 1) {
    throw new LogError('INCONSISTENT', `step record ${ordinal} came after ${run.stepCount}`);
  }
  run.stepCount = ordinal;
  const node = run.nodes.get(ROOT);
  if (node !== undefined && node.expiries !== 0) node.expiries = 0;
}

/** Folds a timer. */
export function evolveTimerStarted(run: Run, event: EventOf<'timerStarted'>): void {
  run.waits = withEntry(run.waits, event.sequence, {
    kind: 'timer',
    startedSequence: event.sequence,
    sinceTime: event.eventTime,
    nodePath: event.nodePath,
    step: event.step,
    dueTime: event.dueTime,
  });
  if (event.dueTime < run.wakeTime) run.wakeTime = event.dueTime;
  countRecord(run, event.ordinal);
}

/** Folds a wait for a signal. */
export function evolveSignalWaitStarted(run: Run, event: EventOf<'signalWaitStarted'>): void {
  run.waits = withEntry(run.waits, event.sequence, {
    kind: 'signal',
    startedSequence: event.sequence,
    sinceTime: event.eventTime,
    nodePath: event.nodePath,
    step: event.step,
    name: event.name,
    untilTime: event.untilTime,
  });
  if (event.untilTime !== undefined && event.untilTime < run.wakeTime) run.wakeTime = event.untilTime;
  countRecord(run, event.ordinal);
}

/** Folds the end of a timer or of a wait for a signal. */
export function endWait(run: Run, startedSequence: number): void {
  const wait = run.waits.get(startedSequence);
  if (wait === undefined) throw new LogError('INCONSISTENT', `no wait began at ${startedSequence}`);
  dropEntry(run.waits, startedSequence);
  if (waitEndTime(wait) <= run.wakeTime) run.wakeTime = computeWakeTime(run);
}
