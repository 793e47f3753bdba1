import type * as proto from '#gen/millrace/state/v1/wait_events_pb.ts';
import type * as engine from '#libs/engine/events/wait-events.ts';
import { attributesToProto } from './attributes.ts';
import { childModeToProto } from './child-mode.ts';
import { maybeDurationFromMs } from './duration.ts';
import { maybeFailureToProto } from './failure.ts';
import { foreignRejectionToProto } from './foreign-rejection.ts';
import type { PayloadToProto } from './payload.ts';
import { signalToProto } from './signal.ts';
import { statusToProto } from './status.ts';
import { maybeStepIdToProto } from './step-id.ts';
import { maybeTimestampFromTime } from './timestamp.ts';

/** A new timer on the wire. */
export function timerStartedToProto({ nodePath, step, dueTime, ordinal }: engine.TimerStarted): proto.TimerStarted {
  return {
    $typeName: 'millrace.state.v1.TimerStarted',
    nodePath,
    step: maybeStepIdToProto(step),
    dueTime: maybeTimestampFromTime(dueTime),
    ordinal,
  };
}

/** A timer that fired, on the wire. */
export function timerFiredToProto({ nodePath, step, startedSequence }: engine.TimerFired): proto.TimerFired {
  return {
    $typeName: 'millrace.state.v1.TimerFired',
    nodePath,
    step: maybeStepIdToProto(step),
    startedSequence: BigInt(startedSequence),
  };
}

/** A timer that is not needed any more, on the wire. */
export function timerWithdrawnToProto({ startedSequence }: engine.TimerWithdrawn): proto.TimerWithdrawn {
  return { $typeName: 'millrace.state.v1.TimerWithdrawn', startedSequence: BigInt(startedSequence) };
}

/** A new wait for a signal on the wire. */
export function signalWaitStartedToProto(event: engine.SignalWaitStarted): proto.SignalWaitStarted {
  const { nodePath, step, name, untilTime, ordinal } = event;
  return {
    $typeName: 'millrace.state.v1.SignalWaitStarted',
    nodePath,
    step: maybeStepIdToProto(step),
    name,
    untilTime: maybeTimestampFromTime(untilTime),
    ordinal,
  };
}

/** A buffered signal on the wire. */
export function signalReceivedToProto(
  { signal }: engine.SignalReceived,
  payload: PayloadToProto,
): proto.SignalReceived {
  return { $typeName: 'millrace.state.v1.SignalReceived', signal: signalToProto(signal, payload) };
}

/** A consumed signal on the wire. */
export function signalConsumedToProto(event: engine.SignalConsumed, payload: PayloadToProto): proto.SignalConsumed {
  const { nodePath, step, name, receivedSequence } = event;
  return {
    $typeName: 'millrace.state.v1.SignalConsumed',
    nodePath,
    step: maybeStepIdToProto(step),
    name,
    payload: payload(event.payload),
    receivedSequence: BigInt(receivedSequence),
  };
}

/** A wait that ended without its signal, on the wire. */
export function signalWaitTimedOutToProto(event: engine.SignalWaitTimedOut): proto.SignalWaitTimedOut {
  const { nodePath, step, name, startedSequence } = event;
  return {
    $typeName: 'millrace.state.v1.SignalWaitTimedOut',
    nodePath,
    step: maybeStepIdToProto(step),
    name,
    startedSequence: BigInt(startedSequence),
  };
}

/** A child that is to be started, on the wire. */
export function childScheduledToProto(event: engine.ChildScheduled, payload: PayloadToProto): proto.ChildScheduled {
  const { nodePath, step, runId, workflow, version, mode, input, ordinal, options } = event;
  return {
    $typeName: 'millrace.state.v1.ChildScheduled',
    nodePath,
    step: maybeStepIdToProto(step),
    runId,
    workflow,
    version,
    mode: childModeToProto(mode),
    input: payload(input),
    ordinal,
    priority: options.priority,
    tags: [...options.tags],
    attributes: attributesToProto(Object.entries(options.attributes)),
    runTimeout: maybeDurationFromMs(options.runTimeoutMs),
    queue: options.queue,
  };
}

/** The start of a child on the wire. */
export function childStartedToProto(event: engine.ChildStarted): proto.ChildStarted {
  const { scheduledSequence, runId, incarnation, version } = event;
  return {
    $typeName: 'millrace.state.v1.ChildStarted',
    scheduledSequence: BigInt(scheduledSequence),
    runId,
    incarnation,
    version,
  };
}

/** A child that could not be started, on the wire. */
export function childRejectedToProto(event: engine.ChildRejected): proto.ChildRejected {
  const { scheduledSequence, runId, rejection } = event;
  return {
    $typeName: 'millrace.state.v1.ChildRejected',
    scheduledSequence: BigInt(scheduledSequence),
    runId,
    rejection: foreignRejectionToProto(rejection),
  };
}

/** The end of a child on the wire. */
export function childEndedToProto(event: engine.ChildEnded, payload: PayloadToProto): proto.ChildEnded {
  const { scheduledSequence, runId, status, output, failure } = event;
  return {
    $typeName: 'millrace.state.v1.ChildEnded',
    scheduledSequence: BigInt(scheduledSequence),
    runId,
    status: statusToProto(status),
    output: payload(output),
    failure: maybeFailureToProto(failure, payload),
  };
}

/** A new wait for a child on the wire. */
export function childWaitStartedToProto(event: engine.ChildWaitStarted): proto.ChildWaitStarted {
  const { nodePath, step, runId, ordinal } = event;
  return {
    $typeName: 'millrace.state.v1.ChildWaitStarted',
    nodePath,
    step: maybeStepIdToProto(step),
    runId,
    ordinal,
  };
}

/** A wait that is not needed any more, on the wire. */
export function waitWithdrawnToProto({ startedSequence }: engine.WaitWithdrawn): proto.WaitWithdrawn {
  return { $typeName: 'millrace.state.v1.WaitWithdrawn', startedSequence: BigInt(startedSequence) };
}
