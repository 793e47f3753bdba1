import type { CancelRun, PauseRun, ResumeRun, TerminateRun } from '../commands/control-commands.ts';
import type { Control, ControlKind } from '../model/control.ts';
import { CLEANUP_TIMEOUT_MS } from '../model/definition-rules.ts';
import { attemptOf } from '../model/open-node.ts';
import { ROOT, type Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { type Decision, nothing, type Reply, rejected } from './decision.ts';
import { append, appended, appendRecord, createDraft, type Draft } from './draft.ts';
import { endAnyRun } from './end.ts';
import { scheduleFunction } from './schedule.ts';

// The control matrix, row by row. On a CLIENT run a control is stored and its runtime applies it; only a cancel of a run
// that is held, a resume and a terminate take effect at once.

function asIs(run: Run): Reply {
  return { kind: 'run', status: run.status, cancelling: run.cancelling };
}

function controlOf(kind: ControlKind, command: CancelRun | PauseRun, now: number): Control {
  return { kind, reason: command.reason, requestedBy: command.requestedBy, requestTime: now };
}

/** Stores a control of a CLIENT run. The same request again in the same words is nothing new. */
function storeControl(run: Run, draft: Draft, control: Control, pending: Control | undefined): Decision {
  if (pending !== undefined && pending.reason === control.reason && pending.requestedBy === control.requestedBy) {
    return nothing(asIs(run));
  }
  appendRecord(draft, { kind: 'controlRequested', control });
  return appended(draft, asIs(run));
}

/**
 * Cancels. A SERVER run with nothing to clean up is CANCELLED in the same commit; a function that was ever assigned may
 * have clean-up, so it is told under its lease or offered once more, until the clean-up deadline.
 */
export function decideCancel(run: Run, command: CancelRun, now: number): Decision {
  if (run.status === 'CANCELLED' || run.cancelling) return nothing(asIs(run));
  if (isTerminal(run.status)) return rejected('CANNOT_CANCEL', { state: run.status });
  const draft = createDraft(run, now);
  const control = controlOf('CANCEL', command, now);
  const client = run.identity.driver === 'CLIENT';
  if (client && run.status !== 'PAUSED') return storeControl(run, draft, control, run.cancel);
  if (client || run.startTime === undefined) {
    endAnyRun(run, draft, 'CANCELLED', { requestedBy: command.requestedBy, reason: command.reason });
    return appended(draft, { kind: 'run', status: 'CANCELLED', cancelling: false });
  }
  append(draft, { kind: 'controlRequested', control });
  append(draft, { kind: 'cleanupStarted', deadlineTime: now + (run.rules.cleanupTimeoutMs ?? CLEANUP_TIMEOUT_MS) });
  const node = run.nodes.get(ROOT);
  const waiting = node?.item === undefined || (node.item.notBeforeTime ?? 0) > now;
  // Clean-up does not wait for the retry that the cancelled work was to have.
  if (node !== undefined && waiting && run.divergence === undefined) {
    scheduleFunction(run, draft, attemptOf(node), undefined);
  }
  return appended(draft, { kind: 'run', status: 'RUNNING', cancelling: true });
}

/** Holds a run: nothing of it is offered any more. A run that cleans up cannot be held: cancel beats pause. */
export function decidePause(run: Run, command: PauseRun, now: number): Decision {
  if (run.status === 'PAUSED') return nothing(asIs(run));
  if (isTerminal(run.status)) return rejected('CANNOT_PAUSE', { state: run.status });
  if (run.cancelling) return rejected('CANNOT_PAUSE', { state: run.status, cancelling: 'true' });
  const draft = createDraft(run, now);
  if (run.identity.driver === 'CLIENT') {
    return storeControl(run, draft, controlOf('PAUSE', command, now), run.pendingPause);
  }
  append(draft, { kind: 'runPaused', requestedBy: command.requestedBy, reason: command.reason });
  return appended(draft, { kind: 'run', status: 'PAUSED', cancelling: false });
}

/** Lets a run go on where it was held. */
export function decideResume(run: Run, command: ResumeRun, now: number): Decision {
  if (run.status !== 'PAUSED') return rejected('NOT_PAUSED', { state: run.status });
  const draft = createDraft(run, now);
  if (run.identity.driver === 'CLIENT') {
    appendRecord(draft, {
      kind: 'statusChanged',
      fromStatus: 'PAUSED',
      toStatus: 'RUNNING',
      reason: command.reason,
    });
  } else {
    append(draft, { kind: 'runResumed', requestedBy: command.requestedBy });
  }
  return appended(draft, { kind: 'run', status: 'RUNNING', cancelling: false });
}

/** Ends a run at once: nothing of it runs afterwards. */
export function decideTerminate(run: Run, command: TerminateRun, now: number): Decision {
  if (run.status === 'CANCELLED') return nothing(asIs(run));
  if (isTerminal(run.status)) return rejected('CANNOT_CANCEL', { state: run.status });
  const draft = createDraft(run, now);
  endAnyRun(run, draft, 'TERMINATED', { requestedBy: command.requestedBy, reason: command.reason });
  return appended(draft, { kind: 'run', status: 'TERMINATED', cancelling: false });
}
