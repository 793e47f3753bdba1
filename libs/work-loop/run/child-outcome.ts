import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { ChildEnded, ChildRejected } from '#gen/millrace/state/v1/wait_events_pb.ts';
import { payloadFromLog } from '../values/payload.ts';
import { reasonFromProto } from '../values/reason.ts';
import { ChildError } from './errors.ts';
import { loopFailure } from './failure.ts';

/** The output of a child that completed, or the error that its parent gets. */
export function childOutcome({
  runId,
  status,
  output,
  failure,
}: ChildEnded): { readonly output: Payload | undefined } | ChildError {
  if (status === RunStatus.COMPLETED) return { output: payloadFromLog(output) };
  const type = status === RunStatus.CANCELLED ? 'CHILD_CANCELLED' : 'CHILD_TERMINATED';
  return new ChildError(runId, status, failure ?? loopFailure(type, `child ${runId} did not complete`, false));
}

/** The error that a parent gets for a child that could not be started. */
export function childRejection({ runId, rejection }: ChildRejected): ChildError {
  const type = rejection === undefined ? 'INTERNAL' : reasonFromProto(rejection.reason);
  const message = rejection?.message || `child ${runId} could not be started`;
  return new ChildError(runId, undefined, loopFailure(type, message, false));
}
