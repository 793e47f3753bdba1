import type * as proto from '#gen/millrace/state/v1/system_record_pb.ts';
import type * as engine from '#libs/engine/events/client-events.ts';
import type { TaskCompleted, TaskFailed, TaskLeased, TaskReleased } from '#libs/engine/events/task-events.ts';
import { plainQueue, TASK_QUEUE } from '#libs/engine/model/client-path.ts';
import { FORCED } from '#libs/engine/model/forced-release.ts';
import { clientLeaseToProto, nodeNameOf } from './client-node.ts';
import { deadReasonToProto } from './dead-reason.ts';
import { failureToProto } from './failure.ts';
import type { RunRef } from './lease.ts';
import type { PayloadToProto } from './payload.ts';
import { maybePositionToProto, positionToProto } from './position.ts';
import { statusToProto } from './status.ts';
import { maybeTimestampFromTime } from './timestamp.ts';

type Kind = proto.SystemRecord['kind'];

/** A snapshot that was saved, on the wire; what it holds is LoadSnapshot's to answer. */
export function snapshotSavedToProto({ version, atSequence, status, position }: engine.SnapshotSaved): Kind {
  return {
    case: 'snapshotSaved',
    value: {
      $typeName: 'millrace.state.v1.SnapshotSaved',
      version: BigInt(version),
      atSequence: BigInt(atSequence),
      status: statusToProto(status),
      position: maybePositionToProto(position),
    },
  };
}

/** Where a run begins, on the wire. */
export function positionSetToProto({ position }: engine.PositionSet): Kind {
  const value = { $typeName: 'millrace.state.v1.PositionSet', position: positionToProto(position) } as const;
  return { case: 'positionSet', value };
}

/** A result on the wire, of a task or of a work item. */
export function resultToProto(record: engine.TaskResultSaved | TaskCompleted, payload: PayloadToProto): Kind {
  const isSettle = record.kind === 'taskCompleted';
  return {
    case: 'taskResultSaved',
    value: {
      $typeName: 'millrace.state.v1.TaskResultSaved',
      ...(isSettle ? nodeNameOf(record.nodePath) : { taskId: record.taskId, itemId: '' }),
      output: payload(record.output),
      workerId: isSettle ? record.workerId : '',
    },
  };
}

/** A change of the state document, on the wire. */
export function statePatchedToProto({ key, stateVersion: version }: engine.StatePatched): Kind {
  const stateVersion = BigInt(version);
  return { case: 'statePatched', value: { $typeName: 'millrace.state.v1.StatePatched', stateVersion, key } };
}

/** A claim on the wire: a new one, or one that was extended, which is as old as it was. */
export function claimToProto({ nodePath, lease }: TaskLeased, eventTime: number, run: RunRef): Kind {
  const value = clientLeaseToProto(lease, run, nodePath);
  return { case: lease.leaseTime === eventTime ? 'leaseGranted' : 'leaseExtended', value };
}

/** The end of a claim, on the wire. */
export function claimEndToProto(record: TaskReleased | TaskFailed, payload: PayloadToProto): Kind {
  const failed = record.kind === 'taskFailed' ? record : undefined;
  const reason = record.kind === 'taskReleased' ? record.reason : '';
  const type = failed?.failure.type;
  return {
    case: 'leaseEnded',
    value: {
      $typeName: 'millrace.state.v1.LeaseEnded',
      ...nodeNameOf(record.nodePath),
      workerId: failed?.workerId ?? '',
      expired: type === 'LEASE_EXPIRED',
      forced: type === 'FORCE_RELEASED' || reason.startsWith(FORCED),
      failure: failed === undefined ? undefined : failureToProto(failed.failure, payload),
      retryTime: maybeTimestampFromTime(failed?.retryTime),
      attempt: failed?.attempt ?? 0,
      reason,
    },
  };
}

/** A task or work item that waits for a worker, on the wire. */
export function workOfferedToProto(
  record: Pick<engine.ItemEnqueued, 'nodePath' | 'attempt' | 'notBeforeTime' | 'queue' | 'priority' | 'tags'>,
): proto.WorkOffered {
  const { nodePath, attempt, notBeforeTime, queue, priority, tags } = record;
  return {
    $typeName: 'millrace.state.v1.WorkOffered',
    ...nodeNameOf(nodePath),
    attempt,
    notBeforeTime: maybeTimestampFromTime(notBeforeTime),
    queue: queue === TASK_QUEUE ? '' : plainQueue(queue),
    priority,
    tags: [...tags],
  };
}

/** A dead letter on the wire. */
export function itemDiedToProto(record: engine.ItemDied, payload: PayloadToProto): Kind {
  const { nodePath, deadLetterId, reason, failure, movedBy } = record;
  return {
    case: 'workDied',
    value: {
      $typeName: 'millrace.state.v1.WorkDied',
      ...nodeNameOf(nodePath),
      deadLetterId,
      reason: deadReasonToProto(reason),
      failure: failureToProto(failure, payload),
      movedBy,
    },
  };
}

/** A dead letter that was put back or removed, on the wire. */
export function workRequeuedToProto(record: { nodePath: string; requestedBy: string }): proto.WorkRequeued {
  const { nodePath, requestedBy } = record;
  return { $typeName: 'millrace.state.v1.WorkRequeued', ...nodeNameOf(nodePath), requestedBy };
}
