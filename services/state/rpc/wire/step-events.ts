import type * as proto from '#gen/millrace/state/v1/step_events_pb.ts';
import type * as engine from '#libs/engine/events/step-events.ts';
import { maybeDurationFromMs } from './duration.ts';
import { failureToProto } from './failure.ts';
import type { PayloadToProto } from './payload.ts';
import { stepIdToProto } from './step-id.ts';
import { maybeTimestampFromTime } from './timestamp.ts';

/** The begin of an attempt of a step on the wire. */
export function stepBegunToProto(event: engine.StepBegun): proto.StepBegun {
  const { step, attempt, deadlineTime, heartbeatTimeoutMs, ordinal } = event;
  return {
    $typeName: 'millrace.state.v1.StepBegun',
    step: stepIdToProto(step),
    attempt,
    deadlineTime: maybeTimestampFromTime(deadlineTime),
    heartbeatTimeout: maybeDurationFromMs(heartbeatTimeoutMs),
    ordinal,
  };
}

/** The success of a step on the wire. */
export function stepRecordedToProto(event: engine.StepRecorded, payload: PayloadToProto): proto.StepRecorded {
  const { step, result, attempt, ordinal } = event;
  return {
    $typeName: 'millrace.state.v1.StepRecorded',
    step: stepIdToProto(step),
    result: payload(result),
    attempt,
    ordinal,
  };
}

/** A failed attempt of a step on the wire. */
export function stepFailedToProto(event: engine.StepFailed, payload: PayloadToProto): proto.StepFailed {
  const { step, failure, attempt, retryTime, ordinal, timedOut } = event;
  return {
    $typeName: 'millrace.state.v1.StepFailed',
    step: stepIdToProto(step),
    failure: failureToProto(failure, payload),
    attempt,
    retryTime: maybeTimestampFromTime(retryTime),
    ordinal,
    timedOut,
  };
}

/** A value from outside on the wire. */
export function valueRecordedToProto(event: engine.ValueRecorded, payload: PayloadToProto): proto.ValueRecorded {
  const { step, value, ordinal } = event;
  return {
    $typeName: 'millrace.state.v1.ValueRecorded',
    step: stepIdToProto(step),
    value: payload(value),
    ordinal,
  };
}
