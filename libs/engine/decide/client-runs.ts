import type { AppendEvents, ConsumeSignal, UpdateStatus } from '../commands/client-commands.ts';
import { ROOT, type Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { changeStatus, isLegalChange } from './client-status.ts';
import { type Decision, nothing, rejected } from './decision.ts';
import { append, appended, appendRecord, createDraft } from './draft.ts';
import { runEnded } from './end.ts';

/** Appends events of a runtime, all or none [57]. */
export function decideAppendEvents(run: Run, command: AppendEvents, now: number): Decision {
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  const expected = command.expectedSequence;
  if (expected !== undefined && expected !== run.lastSequence) {
    return rejected('SEQUENCE_CONFLICT', { expected: String(expected), actual: String(run.lastSequence) });
  }
  const draft = createDraft(run, now);
  for (const event of command.events) append(draft, { kind: 'clientEvent', ...event });
  const reply = { kind: 'appended', firstSequence: run.lastSequence + 1, lastSequence: draft.sequence } as const;
  return draft.events.length === 0 ? nothing(reply) : appended(draft, reply);
}

/** Changes the status: PENDING → RUNNING, RUNNING ↔ PAUSED, any open one → an end [60]. The same again is fine. */
export function decideUpdateStatus(run: Run, command: UpdateStatus, now: number): Decision {
  const from = run.status;
  const to = command.status;
  const expected = command.expectedStatus;
  const isExpected = expected === undefined || expected === from;
  if (isExpected && from === to) return nothing({ kind: 'run', status: to, cancelling: false });
  if (!isExpected || !isLegalChange(from, to)) return rejected('ILLEGAL_STATUS', { from, to });
  const draft = createDraft(run, now);
  if (!isTerminal(to)) {
    const status = changeStatus(run, draft, to, command.reason);
    return appended(draft, { kind: 'run', status, cancelling: false });
  }
  appendRecord(draft, runEnded(to, command));
  return appended(draft, { kind: 'run', status: to, cancelling: false });
}

/** Takes the oldest buffered signal of a name; none is not an error [33]. */
export function decideConsumeSignal(run: Run, command: ConsumeSignal, now: number): Decision {
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  const buffered = run.signals.byName.get(command.name)?.[0];
  if (buffered === undefined) return nothing({ kind: 'consumed', received: undefined });
  const { receivedSequence } = buffered;
  const draft = createDraft(run, now);
  appendRecord(draft, {
    kind: 'signalConsumed',
    nodePath: ROOT,
    step: undefined,
    name: command.name,
    payload: undefined,
    receivedSequence,
  });
  return appended(draft, { kind: 'consumed', received: receivedSequence });
}
