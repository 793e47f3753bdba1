import type { RunEnded } from '../events/run-events.ts';
import type { Run } from '../model/run.ts';
import type { TerminalStatus } from '../model/status.ts';
import { append, appendRecord, type Draft } from './draft.ts';

/** What an end says beside its status; what is absent is empty. */
export interface EndDetails {
  readonly output?: RunEnded['output'];
  readonly failure?: RunEnded['failure'];
  readonly requestedBy?: string;
  readonly reason?: string;
  readonly interruptedAt?: string;
}

/** The last event of a run. */
export function runEnded(status: TerminalStatus, details: EndDetails): RunEnded {
  return {
    kind: 'runEnded',
    status,
    output: details.output,
    failure: details.failure,
    requestedBy: details.requestedBy ?? '',
    reason: details.reason ?? '',
    interruptedAt: details.interruptedAt ?? '',
  };
}

/** Ends a SERVER run. */
export function endRun(draft: Draft, status: TerminalStatus, details: EndDetails): void {
  append(draft, runEnded(status, details));
}

/** Ends a run as its driver's log says it. */
export function endAnyRun(run: Run, draft: Draft, status: TerminalStatus, details: EndDetails): void {
  if (run.identity.driver === 'CLIENT') appendRecord(draft, runEnded(status, details));
  else endRun(draft, status, details);
}

/** Ends a run whose clean-up is over, in the name of who cancelled it. */
export function endCancelled(run: Run, draft: Draft): void {
  endRun(draft, 'CANCELLED', { requestedBy: run.cancel?.requestedBy ?? '', reason: run.cancel?.reason ?? '' });
}
