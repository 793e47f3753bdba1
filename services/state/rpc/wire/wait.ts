import type { Wait as WaitMessage } from '#gen/millrace/state/v1/wait_pb.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import { itemIdFrom } from '#libs/engine/model/lease.ts';
import type { WaitReason } from '#libs/engine/views/waits-for.ts';
import { divergenceToProto } from './divergence.ts';
import { maybeFailureToProto } from './failure.ts';
import { type PayloadToProto, payloadToProto } from './payload.ts';
import { pathOf } from './step-id.ts';
import { maybeTimestampFromTime, timestampFromTime } from './timestamp.ts';

/** Looks up the failure that an event holds. Undefined: it is not at hand. */
export type FailureAt = (sequence: number) => Failure | undefined;

/** One thing that an incarnation waits for, on the wire. */
export function waitToProto(
  reason: WaitReason,
  incarnation: string,
  failureAt: FailureAt,
  payload: PayloadToProto = payloadToProto,
): WaitMessage {
  return {
    $typeName: 'millrace.state.v1.Wait',
    nodePath: pathOf(reason.nodePath, reason.step),
    sinceTime: timestampFromTime(reason.sinceTime),
    kind: kindOf(reason, incarnation, failureAt, payload),
  };
}

function kindOf(
  reason: WaitReason,
  incarnation: string,
  failureAt: FailureAt,
  payload: PayloadToProto,
): WaitMessage['kind'] {
  switch (reason.kind) {
    case 'worker': {
      const { queue, workerId } = reason;
      const itemId = itemIdFrom(incarnation, reason.itemSequence);
      return { case: 'worker', value: { $typeName: 'millrace.state.v1.WorkerWait', itemId, queue, workerId } };
    }
    case 'timer': {
      const dueTime = maybeTimestampFromTime(reason.dueTime);
      return { case: 'timer', value: { $typeName: 'millrace.state.v1.TimerWait', dueTime } };
    }
    case 'signal': {
      const { name } = reason;
      const untilTime = maybeTimestampFromTime(reason.untilTime);
      const value = { $typeName: 'millrace.state.v1.SignalWait', name, untilTime, approval: false } as const;
      return { case: 'signal', value };
    }
    case 'child': {
      const { runId, incarnation: child } = reason;
      return { case: 'child', value: { $typeName: 'millrace.state.v1.ChildWait', runId, incarnation: child } };
    }
    case 'retry': {
      const { attempt } = reason;
      const dueTime = maybeTimestampFromTime(reason.dueTime);
      const failure = maybeFailureToProto(failureAt(reason.failureSequence), payload);
      return { case: 'retry', value: { $typeName: 'millrace.state.v1.RetryWait', dueTime, attempt, failure } };
    }
    case 'divergence':
      return { case: 'divergence', value: divergenceToProto(reason.divergence) };
  }
}
