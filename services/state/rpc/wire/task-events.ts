import * as proto from '#gen/millrace/state/v1/task_events_pb.ts';
import type * as engine from '#libs/engine/events/task-events.ts';
import { itemIdFrom } from '#libs/engine/model/lease.ts';
import { failureToProto, maybeFailureToProto } from './failure.ts';
import { leaseToProto, type RunRef } from './lease.ts';
import type { PayloadToProto } from './payload.ts';
import { maybeTimestampFromTime } from './timestamp.ts';

const SKIP_REASONS: Readonly<Record<engine.SkipReason, proto.SkipReason>> = {
  DEAD_EDGES: proto.SkipReason.DEAD_EDGES,
  TRIGGER_RULE: proto.SkipReason.TRIGGER_RULE,
  RACE_LOST: proto.SkipReason.RACE_LOST,
  RUN_ENDING: proto.SkipReason.RUN_ENDING,
};

/** A new work item on the wire; the number of its event names it. */
export function taskScheduledToProto(
  event: engine.TaskScheduled,
  sequence: number,
  { incarnation }: RunRef,
  payload: PayloadToProto,
): proto.TaskScheduled {
  const { nodePath, attempt, input, queue, priority, tags, notBeforeTime } = event;
  return {
    $typeName: 'millrace.state.v1.TaskScheduled',
    nodePath,
    itemId: itemIdFrom(incarnation, sequence),
    attempt,
    input: payload(input),
    queue,
    priority,
    tags: [...tags],
    notBeforeTime: maybeTimestampFromTime(notBeforeTime),
  };
}

/** A hold on a work item on the wire. */
export function taskLeasedToProto({ nodePath, lease, attempt }: engine.TaskLeased, run: RunRef): proto.TaskLeased {
  return {
    $typeName: 'millrace.state.v1.TaskLeased',
    nodePath,
    lease: leaseToProto(lease, run, nodePath),
    attempt,
  };
}

/** The return of a work item on the wire. */
export function taskReleasedToProto(event: engine.TaskReleased, { incarnation }: RunRef): proto.TaskReleased {
  const { nodePath, itemSequence, reason } = event;
  const itemId = itemIdFrom(incarnation, itemSequence);
  return { $typeName: 'millrace.state.v1.TaskReleased', nodePath, itemId, reason };
}

/** The success of a node on the wire. */
export function taskCompletedToProto(event: engine.TaskCompleted, payload: PayloadToProto): proto.TaskCompleted {
  const { nodePath, output, attempt, workerId } = event;
  return { $typeName: 'millrace.state.v1.TaskCompleted', nodePath, output: payload(output), attempt, workerId };
}

/** A failed attempt of a node on the wire. */
export function taskFailedToProto(event: engine.TaskFailed, payload: PayloadToProto): proto.TaskFailed {
  const { nodePath, failure, attempt, retryTime, workerId } = event;
  return {
    $typeName: 'millrace.state.v1.TaskFailed',
    nodePath,
    failure: failureToProto(failure, payload),
    attempt,
    retryTime: maybeTimestampFromTime(retryTime),
    workerId,
  };
}

/** A node that does not run, on the wire. */
export function taskSkippedToProto({ nodePath, reason }: engine.TaskSkipped): proto.TaskSkipped {
  return { $typeName: 'millrace.state.v1.TaskSkipped', nodePath, reason: SKIP_REASONS[reason] };
}

/** A new dead letter on the wire. */
export function taskDeadLetteredToProto(
  event: engine.TaskDeadLettered,
  payload: PayloadToProto,
): proto.TaskDeadLettered {
  const { nodePath, deadLetterId, failure } = event;
  return {
    $typeName: 'millrace.state.v1.TaskDeadLettered',
    nodePath,
    deadLetterId,
    failure: maybeFailureToProto(failure, payload),
  };
}

/** The return of a dead letter on the wire. */
export function taskRequeuedToProto(event: engine.TaskRequeued, { incarnation }: RunRef): proto.TaskRequeued {
  const { nodePath, itemSequence, requestedBy } = event;
  const itemId = itemIdFrom(incarnation, itemSequence);
  return { $typeName: 'millrace.state.v1.TaskRequeued', nodePath, itemId, requestedBy };
}

/** The choice of a branch on the wire. */
export function edgeEvaluatedToProto({ nodePath, taken, key, error }: engine.EdgeEvaluated): proto.EdgeEvaluated {
  return { $typeName: 'millrace.state.v1.EdgeEvaluated', nodePath, taken: [...taken], key, error };
}

/** The end of an iteration on the wire. */
export function loopIteratedToProto(event: engine.LoopIterated, payload: PayloadToProto): proto.LoopIterated {
  const { nodePath, iteration, output, again } = event;
  return { $typeName: 'millrace.state.v1.LoopIterated', nodePath, iteration, output: payload(output), again };
}

/** The end of a race on the wire. */
export function raceWonToProto({ nodePath, winner }: engine.RaceWon): proto.RaceWon {
  return { $typeName: 'millrace.state.v1.RaceWon', nodePath, winner };
}

/** The begin of a compensation on the wire. */
export function compensationStartedToProto(event: engine.CompensationStarted): proto.CompensationStarted {
  const { nodePath, targetNode } = event;
  return { $typeName: 'millrace.state.v1.CompensationStarted', nodePath, targetNode };
}
