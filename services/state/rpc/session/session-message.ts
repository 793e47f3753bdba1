import type {
  SessionControl,
  SessionSignal,
  SessionStart,
  SessionWait,
} from '#gen/millrace/state/v1/run_service_pb.ts';

/** An entry of a session, as its caller sent it. */
export type SessionMessage = SessionStart | SessionWait | SessionSignal | SessionControl;

/** The run that an entry is about. A start has got its id by then. */
export function runIdOf(message: SessionMessage): string {
  switch (message.$typeName) {
    case 'millrace.state.v1.SessionStart':
      return message.start?.runId ?? '';
    case 'millrace.state.v1.SessionSignal':
      return message.signal?.runId ?? '';
    case 'millrace.state.v1.SessionWait':
    case 'millrace.state.v1.SessionControl':
      return message.runId;
  }
}

/** The wait for the end of a run that an entry comes to once its run has started. */
export function waitOf(call: number, runId: string, incarnation: string): SessionWait {
  return { $typeName: 'millrace.state.v1.SessionWait', call, runId, incarnation };
}
