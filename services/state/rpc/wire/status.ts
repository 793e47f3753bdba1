import { RunStatus as StatusMessage } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { RunStatus } from '#libs/engine/model/status.ts';

const TO_PROTO: Readonly<Record<RunStatus, StatusMessage>> = {
  PENDING: StatusMessage.PENDING,
  RUNNING: StatusMessage.RUNNING,
  PAUSED: StatusMessage.PAUSED,
  COMPLETED: StatusMessage.COMPLETED,
  FAILED: StatusMessage.FAILED,
  CANCELLED: StatusMessage.CANCELLED,
  TERMINATED: StatusMessage.TERMINATED,
};

const FROM_PROTO: Readonly<Record<StatusMessage, RunStatus | undefined>> = {
  [StatusMessage.UNSPECIFIED]: undefined,
  [StatusMessage.PENDING]: 'PENDING',
  [StatusMessage.RUNNING]: 'RUNNING',
  [StatusMessage.PAUSED]: 'PAUSED',
  [StatusMessage.COMPLETED]: 'COMPLETED',
  [StatusMessage.FAILED]: 'FAILED',
  [StatusMessage.CANCELLED]: 'CANCELLED',
  [StatusMessage.TERMINATED]: 'TERMINATED',
};

/** A status on the wire. */
export function statusToProto(status: RunStatus): StatusMessage {
  return TO_PROTO[status];
}

/** The status that a number means. Undefined: unspecified, or not known to this release. */
export function maybeStatusFromProto(status: StatusMessage): RunStatus | undefined {
  return FROM_PROTO[status];
}
