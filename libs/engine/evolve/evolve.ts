import type { Event } from '../events/event.ts';
import { LogError } from '../model/log-error.ts';
import { payloadSize } from '../model/payload.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { evolveChildEnded, evolveChildScheduled, evolveChildStarted, evolveChildWaitStarted } from './children.ts';
import {
  evolveAttributesSet,
  evolveCleanupStarted,
  evolveControlCleared,
  evolveControlRequested,
  evolveRunDiverged,
  evolveRunEnded,
  evolveRunPaused,
  evolveRunResumed,
  evolveRunStarted,
  evolveStateSet,
} from './run.ts';
import { evolveSignalConsumed, evolveSignalReceived } from './signals.ts';
import { evolveStepBegun, evolveStepFailed, evolveStepRecorded } from './steps.ts';
import { evolveSystemRecord } from './system-record.ts';
import {
  evolveTaskCompleted,
  evolveTaskFailed,
  evolveTaskLeased,
  evolveTaskReleased,
  evolveTaskScheduled,
} from './tasks.ts';
import { countRecord, endWait, evolveSignalWaitStarted, evolveTimerStarted } from './waits.ts';

/**
 * Folds one event into the run, in place, and answers the run.
 *
 * There is no undo. A fold that was not made durable is dropped with the memory of its whole partition, and the run is
 * folded again from what is durable. It throws a `LogError` for an event that is not the next one, that comes after the
 * end, or that contradicts what came before; a run whose fold throws is quarantined.
 */
export function evolve(run: Run, event: Event): Run {
  const isRecord = event.kind === 'systemRecord';
  const next = isRecord ? run.lastSequence : run.lastSequence + 1;
  if (event.sequence !== next) {
    throw new LogError('NOT_NEXT', `event ${event.sequence} came where ${next} was to come`);
  }
  if (isTerminal(run.status)) throw new LogError('AFTER_END', `event ${event.sequence} came after the end`);
  run.lastSequence = next;
  run.updateTime = event.eventTime;
  if (isRecord) evolveSystemRecord(run, event.record, event.eventTime);
  else fold(run, event);
  return run;
}

function fold(run: Run, event: Exclude<Event, { readonly kind: 'systemRecord' }>): void {
  switch (event.kind) {
    case 'stepRecorded':
      return evolveStepRecorded(run, event.step, event.ordinal);
    case 'valueRecorded':
      return countRecord(run, event.ordinal);
    case 'stepBegun':
      return evolveStepBegun(run, event);
    case 'stepFailed':
      return evolveStepFailed(run, event);
    case 'stateSet':
      return evolveStateSet(run, event);
    case 'attributesSet':
      return evolveAttributesSet(run, event);
    case 'taskScheduled':
      return evolveTaskScheduled(run, event);
    case 'taskLeased':
      return evolveTaskLeased(run, event);
    case 'taskReleased':
      return evolveTaskReleased(run, event);
    case 'taskCompleted':
      return evolveTaskCompleted(run, event);
    case 'taskFailed':
      return evolveTaskFailed(run, event);
    case 'runStarted':
      return evolveRunStarted(run, event, event.eventTime);
    case 'runEnded':
      return evolveRunEnded(run, event, event.eventTime);
    case 'runPaused':
      return evolveRunPaused(run, event);
    case 'runResumed':
      return evolveRunResumed(run, event.eventTime);
    case 'runDiverged':
      return evolveRunDiverged(run, event);
    case 'controlRequested':
      return evolveControlRequested(run, event);
    case 'controlCleared':
      return evolveControlCleared(run, event);
    case 'cleanupStarted':
      return evolveCleanupStarted(run, event);
    case 'timerStarted':
      return evolveTimerStarted(run, event);
    case 'signalWaitStarted':
      return evolveSignalWaitStarted(run, event);
    case 'timerFired':
    case 'signalWaitTimedOut':
      run.newsSequence = event.sequence;
      return endWait(run, event.startedSequence);
    case 'timerWithdrawn':
    case 'waitWithdrawn':
      return endWait(run, event.startedSequence);
    case 'signalReceived':
      return evolveSignalReceived(run, event.signal, event.sequence, payloadSize(event.signal.payload));
    case 'signalConsumed':
      return evolveSignalConsumed(run, event, event.sequence);
    case 'childScheduled':
      return evolveChildScheduled(run, event);
    case 'childWaitStarted':
      return evolveChildWaitStarted(run, event);
    case 'childStarted':
      return evolveChildStarted(run, event);
    case 'childRejected':
    case 'childEnded':
      return evolveChildEnded(run, event.scheduledSequence, event.sequence);
    case 'clientEvent':
      return undefined;
    case 'taskSkipped':
    case 'taskDeadLettered':
    case 'taskRequeued':
    case 'edgeEvaluated':
    case 'loopIterated':
    case 'raceWon':
    case 'compensationStarted':
      // The nodes of graphs: until graphs are run, no log holds these.
      throw new LogError('NOT_FOLDED', `events of kind ${event.kind} are not folded`);
  }
}
