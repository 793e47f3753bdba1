import type { CheckControls, ClearControl } from '../commands/client-commands.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { changeStatus, endByCancel } from './client-status.ts';
import { type Decision, DONE, nothing } from './decision.ts';
import { appended, appendRecord, createDraft } from './draft.ts';

/**
 * The runtime of a CLIENT run asks whether it is to stop, and what is pending takes effect [28]. A pending cancel wins
 * over a pause, also when only pauses are asked for. On a run that is CANCELLED, or PAUSED, the answer stays the same.
 */
export function decideCheckControls(run: Run, command: CheckControls, now: number): Decision {
  if (run.status === 'CANCELLED') return nothing({ kind: 'controls', outcome: 'CANCELLED', control: undefined });
  if (isTerminal(run.status)) return nothing({ kind: 'controls', outcome: 'NONE', control: undefined });
  const draft = createDraft(run, now);
  if (run.cancel !== undefined) {
    endByCancel(run, draft, command.taskId);
    return appended(draft, { kind: 'controls', outcome: 'CANCELLED', control: run.cancel });
  }
  if (command.checks === 'cancel') return nothing({ kind: 'controls', outcome: 'NONE', control: undefined });
  if (run.status === 'PAUSED') return nothing({ kind: 'controls', outcome: 'PAUSED', control: undefined });
  if (run.pendingPause === undefined) return nothing({ kind: 'controls', outcome: 'NONE', control: undefined });
  changeStatus(run, draft, 'PAUSED', run.pendingPause.reason);
  return appended(draft, { kind: 'controls', outcome: 'PAUSED', control: run.pendingPause });
}

/** Takes a pending control back [27]. On a SERVER run none is ever pending. */
export function decideClearControl(run: Run, command: ClearControl, now: number): Decision {
  if (run.identity.driver === 'SERVER') return nothing(DONE);
  const pending = command.control === 'CANCEL' ? run.cancel : run.pendingPause;
  if (pending === undefined) return nothing(DONE);
  const draft = createDraft(run, now);
  appendRecord(draft, { kind: 'controlCleared', control: command.control });
  return appended(draft, DONE);
}
