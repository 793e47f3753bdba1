import type { Run } from '../model/run.ts';
import { isTerminal, type RunStatus } from '../model/status.ts';
import { appendRecord, type Draft } from './draft.ts';
import { runEnded } from './end.ts';

/** Whether a CLIENT run may go from one status to another [60]. */
export function isLegalChange(from: RunStatus, to: RunStatus): boolean {
  if (isTerminal(from)) return false;
  switch (to) {
    case 'PENDING':
      return false;
    case 'RUNNING':
      return from !== 'RUNNING';
    case 'PAUSED':
      return from === 'RUNNING';
    case 'COMPLETED':
    case 'FAILED':
    case 'CANCELLED':
    case 'TERMINATED':
      return true;
  }
}

/** A pending cancel takes effect. */
export function endByCancel(run: Run, draft: Draft, interruptedAt: string): void {
  const { requestedBy = '', reason = '' } = run.cancel ?? {};
  appendRecord(draft, { kind: 'controlCleared', control: 'CANCEL' });
  appendRecord(draft, runEnded('CANCELLED', { requestedBy, reason, interruptedAt }));
}

/**
 * Changes the status of a CLIENT run without ending it, and answers what it is then. Whoever makes it PAUSED applies the
 * controls that are pending: a pause is over with that, and a cancel of a run that is PAUSED takes effect at once [30].
 */
export function changeStatus(run: Run, draft: Draft, to: 'PENDING' | 'RUNNING' | 'PAUSED', reason: string): RunStatus {
  if (to === 'PAUSED' && run.cancel !== undefined) {
    endByCancel(run, draft, '');
    return 'CANCELLED';
  }
  appendRecord(draft, { kind: 'statusChanged', fromStatus: run.status, toStatus: to, reason });
  if (to === 'PAUSED' && run.pendingPause !== undefined) {
    appendRecord(draft, { kind: 'controlCleared', control: 'PAUSE' });
  }
  return to;
}
