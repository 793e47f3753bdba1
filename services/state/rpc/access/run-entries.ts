import { create } from '@bufbuild/protobuf';
import { type AuditEntry, AuditEntrySchema } from '#gen/millrace/state/v1/audit_pb.ts';
import type { SystemRecord } from '#libs/engine/events/client-events.ts';
import type { Event, EventBody } from '#libs/engine/events/event.ts';
import { timestampFromTime } from '../wire/timestamp.ts';

const RUNS = 'millrace.state.v1.RunService';

/** What an event says of somebody's doing. */
interface Doing {
  readonly action: string;
  readonly by: string;
  readonly details?: Readonly<Record<string, string | undefined>>;
}

/**
 * The entry that an event of a run's log is for the audit: starts, controls and signals. Undefined: nobody but the run did
 * it. Logs keep the name that `requested_by` shows, and not the token.
 */
export function maybeRunEntry(runId: string, incarnation: string, event: Event): AuditEntry | undefined {
  const doing = maybeDoing(event.kind === 'systemRecord' ? event.record : event);
  if (doing === undefined) return undefined;
  const details: Record<string, string> = { incarnation };
  for (const [name, value] of Object.entries(doing.details ?? {})) {
    if (value !== undefined && value !== '') details[name] = value;
  }
  return create(AuditEntrySchema, {
    entryTime: timestampFromTime(event.eventTime),
    tokenName: doing.by,
    action: doing.action,
    targetKind: 'run',
    targetId: runId,
    details,
  });
}

function maybeDoing(body: EventBody | SystemRecord): Doing | undefined {
  switch (body.kind) {
    case 'runStarted': {
      const { workflow, version, parent, replacedIncarnation } = body;
      const details = { workflow, version, parent_run_id: parent?.runId, replaced_incarnation: replacedIncarnation };
      return { action: `${RUNS}/StartRun`, by: body.requestedBy, details };
    }
    case 'controlRequested': {
      const { kind, requestedBy, reason } = body.control;
      return {
        action: `${RUNS}/${kind === 'CANCEL' ? 'CancelRun' : 'PauseRun'}`,
        by: requestedBy,
        details: { reason },
      };
    }
    case 'runPaused':
      return { action: `${RUNS}/PauseRun`, by: body.requestedBy, details: { reason: body.reason } };
    case 'runResumed':
      return { action: `${RUNS}/ResumeRun`, by: body.requestedBy };
    case 'runEnded': {
      const { status, requestedBy, reason } = body;
      if (status !== 'TERMINATED' && (status !== 'CANCELLED' || requestedBy === '')) return undefined;
      const verb = status === 'TERMINATED' ? 'TerminateRun' : 'CancelRun';
      return { action: `${RUNS}/${verb}`, by: requestedBy, details: { reason, status } };
    }
    case 'signalReceived': {
      const { name, signalId } = body.signal;
      const details = { name, signal_id: signalId };
      return { action: 'millrace.state.v1.SignalService/SendSignal', by: '', details };
    }
    default:
      return undefined;
  }
}
