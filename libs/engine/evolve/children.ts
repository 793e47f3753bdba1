import type { EventOf } from '../events/event.ts';
import { LogError } from '../model/log-error.ts';
import { dropEntry, withEntry } from '../model/open-map.ts';
import type { Child } from '../model/open-things.ts';
import type { Run } from '../model/run.ts';
import { countRecord } from './waits.ts';

/** Folds a child: open until it is rejected or ends, whatever its parent waits for. */
export function evolveChildScheduled(run: Run, event: EventOf<'childScheduled'>): void {
  run.children = withEntry(run.children, event.sequence, {
    scheduledSequence: event.sequence,
    sinceTime: event.eventTime,
    nodePath: event.nodePath,
    step: event.step,
    runId: event.runId,
    mode: event.mode,
    incarnation: '',
    awaited: event.mode === 'DETACH' ? 'start' : 'end',
  });
  countRecord(run, event.ordinal);
}

/**
 * Folds a wait for the end of an earlier child. One that is not open has ended, and its end is in the log already: then
 * there is nothing to wait for.
 */
export function evolveChildWaitStarted(run: Run, event: EventOf<'childWaitStarted'>): void {
  countRecord(run, event.ordinal);
  for (const child of run.children.values()) {
    if (child.runId !== event.runId) continue;
    child.awaited = 'end';
    return;
  }
}

/** Folds the start of a child: who waited for no more than that goes on. */
export function evolveChildStarted(run: Run, event: EventOf<'childStarted'>): void {
  const child = openChild(run, event.scheduledSequence);
  child.incarnation = event.incarnation;
  if (child.awaited !== 'start') return;
  child.awaited = 'nothing';
  run.newsSequence = event.sequence;
}

/** Folds the end or the rejection of a child. */
export function evolveChildEnded(run: Run, scheduledSequence: number, sequence: number): void {
  const child = openChild(run, scheduledSequence);
  if (child.awaited !== 'nothing') run.newsSequence = sequence;
  dropEntry(run.children, scheduledSequence);
}

function openChild(run: Run, scheduledSequence: number): Child {
  const child = run.children.get(scheduledSequence);
  if (child === undefined) throw new LogError('INCONSISTENT', `no child was scheduled at ${scheduledSequence}`);
  return child;
}
