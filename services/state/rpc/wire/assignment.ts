import {
  type Assignment,
  CancelKind,
  type CancelNotice,
  type HistoryChunk,
  type StepAck,
  type Wake,
  WorkKind,
} from '#gen/millrace/state/v1/work_down_pb.ts';
import type { Notice } from '#libs/engine/effects/effect.ts';
import type { Event } from '#libs/engine/events/event.ts';
import { itemIdFrom } from '#libs/engine/model/lease.ts';
import { ROOT } from '#libs/engine/model/run.ts';
import type { AssignmentFacts, HeldLease } from '#libs/partition/dispatch/held-lease.ts';
import { eventToProto } from './event.ts';
import type { RunRef } from './lease.ts';
import { payloadToProto } from './payload.ts';
import { stepIdToProto } from './step-id.ts';
import { maybeTimestampFromTime, timestampFromTime } from './timestamp.ts';

/** What a frame needs of a hold. */
export type HeldItem = Pick<HeldLease, 'key' | 'proof'>;

/** Work for a worker. `handle` names it on the stream; 0 in a unary answer. */
export function assignmentToProto(handle: number, held: HeldItem, facts: AssignmentFacts): Assignment {
  const { incarnation, nodePath, itemSequence, fence } = held.proof;
  const ref = refOf(held);
  return {
    $typeName: 'millrace.state.v1.Assignment',
    handle,
    kind: nodePath === ROOT ? WorkKind.FUNCTION : WorkKind.TASK,
    runId: held.key.runId,
    incarnation,
    workflow: facts.workflow,
    version: facts.version,
    input: payloadToProto(facts.input),
    attempt: facts.attempt,
    fence,
    lastSequence: nodePath === ROOT ? BigInt(facts.lastSequence) : 0n,
    stepCount: facts.stepCount,
    itemId: itemIdFrom(incarnation, itemSequence),
    history: facts.history.map((event) => eventToProto(event, ref)),
    task: '',
    nodePath,
    queue: facts.queue,
    definitionHash: facts.definitionHash,
    priority: facts.priority,
    tags: [...facts.tags],
    cancelling: facts.cancelling,
    deadlineTime: undefined,
    heartbeatTimeout: undefined,
    heartbeatDetails: payloadToProto(facts.heartbeatDetails),
    cleanupDeadlineTime: maybeTimestampFromTime(facts.cleanupDeadlineTime),
    traceparent: facts.traceparent,
    scheduleTime: timestampFromTime(facts.scheduleTime),
    historyTruncated: facts.hasMoreHistory,
    runDeadlineTime: maybeTimestampFromTime(facts.runDeadlineTime),
  };
}

/** What the worker is told about what it holds. */
export function noticeToProto(handle: number, notice: Notice): CancelNotice {
  switch (notice.kind) {
    case 'cancel': {
      const { reason, deadlineTime } = notice;
      return cancelNotice(handle, CancelKind.CANCEL, reason, deadlineTime, undefined);
    }
    case 'pause':
      return cancelNotice(handle, CancelKind.PAUSE, notice.reason, undefined, undefined);
    case 'stepTimeout':
      return cancelNotice(handle, CancelKind.STEP_TIMEOUT, '', undefined, stepIdToProto(notice.step));
  }
}

/** That the hold was ended by the server: nothing more of it is accepted. */
export function abortToProto(handle: number, reason: string): CancelNotice {
  return cancelNotice(handle, CancelKind.ABORT, reason, undefined, undefined);
}

/** What came for a run that the worker has. */
export function wakeToProto(handle: number, held: HeldItem, events: readonly Event[], lastSequence: number): Wake {
  const ref = refOf(held);
  return {
    $typeName: 'millrace.state.v1.Wake',
    handle,
    lastSequence: BigInt(lastSequence),
    events: events.map((event) => eventToProto(event, ref)),
  };
}

/** Events that the worker asked for. */
export function historyToProto(handle: number, held: HeldItem, events: readonly Event[], last: boolean): HistoryChunk {
  const ref = refOf(held);
  return {
    $typeName: 'millrace.state.v1.HistoryChunk',
    handle,
    events: events.map((event) => eventToProto(event, ref)),
    last,
  };
}

/** That everything up to a step record, or the settle, is durable. */
export function ackToProto(handle: number, ordinal: number, lastSequence: number, settled: boolean): StepAck {
  return {
    $typeName: 'millrace.state.v1.StepAck',
    handle,
    ordinal,
    lastSequence: BigInt(lastSequence),
    settled,
  };
}

function refOf({ key, proof }: HeldItem): RunRef {
  return { runId: key.runId, incarnation: proof.incarnation };
}

function cancelNotice(
  handle: number,
  kind: CancelKind,
  reason: string,
  deadlineTime: number | undefined,
  step: CancelNotice['step'],
): CancelNotice {
  return {
    $typeName: 'millrace.state.v1.CancelNotice',
    handle,
    kind,
    reason,
    deadlineTime: maybeTimestampFromTime(deadlineTime),
    step,
  };
}
