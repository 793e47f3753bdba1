import type * as proto from '#gen/millrace/state/v1/run_events_pb.ts';
import type * as engine from '#libs/engine/events/run-events.ts';
import { attributesToProto } from './attributes.ts';
import { controlKindToProto, controlToProto } from './control.ts';
import { divergenceToProto } from './divergence.ts';
import { maybeDurationFromMs } from './duration.ts';
import { maybeFailureToProto } from './failure.ts';
import { maybeParentToProto } from './parent.ts';
import type { PayloadToProto } from './payload.ts';
import { statusToProto } from './status.ts';
import { maybeStepIdToProto } from './step-id.ts';
import { maybeTimestampFromTime } from './timestamp.ts';

/** The start of a run on the wire. */
export function runStartedToProto(event: engine.RunStarted, payload: PayloadToProto): proto.RunStarted {
  const { workflow, version, definitionHash, input, priority, tags, attributes, parent, runTimeoutMs } = event;
  const { requestedBy, replacedIncarnation, queue } = event;
  return {
    $typeName: 'millrace.state.v1.RunStarted',
    workflow,
    version,
    definitionHash,
    input: payload(input),
    priority,
    tags: [...tags],
    attributes: attributesToProto(Object.entries(attributes)),
    parent: maybeParentToProto(parent),
    runTimeout: maybeDurationFromMs(runTimeoutMs),
    requestedBy,
    replacedIncarnation,
    queue,
  };
}

/** A new control on the wire. */
export function controlRequestedToProto({ control }: engine.ControlRequested): proto.ControlRequested {
  return { $typeName: 'millrace.state.v1.ControlRequested', control: controlToProto(control) };
}

/** The end of a pending control on the wire. */
export function controlClearedToProto({ control }: engine.ControlCleared): proto.ControlCleared {
  return { $typeName: 'millrace.state.v1.ControlCleared', kind: controlKindToProto(control) };
}

/** The begin of clean-up on the wire. */
export function cleanupStartedToProto({ deadlineTime }: engine.CleanupStarted): proto.CleanupStarted {
  return { $typeName: 'millrace.state.v1.CleanupStarted', deadlineTime: maybeTimestampFromTime(deadlineTime) };
}

/** A pause on the wire. */
export function runPausedToProto({ requestedBy, reason }: engine.RunPaused): proto.RunPaused {
  return { $typeName: 'millrace.state.v1.RunPaused', requestedBy, reason };
}

/** A resume on the wire. */
export function runResumedToProto({ requestedBy }: engine.RunResumed): proto.RunResumed {
  return { $typeName: 'millrace.state.v1.RunResumed', requestedBy };
}

/** The end of a run on the wire. */
export function runEndedToProto(event: engine.RunEnded, payload: PayloadToProto): proto.RunEnded {
  const { status, output, failure, requestedBy, reason, interruptedAt } = event;
  return {
    $typeName: 'millrace.state.v1.RunEnded',
    status: statusToProto(status),
    output: payload(output),
    failure: maybeFailureToProto(failure, payload),
    requestedBy,
    reason,
    interruptedAt,
  };
}

/** A change of attributes on the wire. */
export function attributesSetToProto(event: engine.AttributesSet): proto.AttributesSet {
  const { attributes, removed, step, ordinal } = event;
  return {
    $typeName: 'millrace.state.v1.AttributesSet',
    attributes: attributesToProto(Object.entries(attributes)),
    removed: [...removed],
    step: maybeStepIdToProto(step),
    ordinal,
  };
}

/** A change of the state document on the wire. */
export function stateSetToProto(event: engine.StateSet, payload: PayloadToProto): proto.StateSet {
  const { key, value, step, ordinal } = event;
  return {
    $typeName: 'millrace.state.v1.StateSet',
    key,
    value: payload(value),
    step: maybeStepIdToProto(step),
    ordinal,
  };
}

/** A divergence on the wire. */
export function runDivergedToProto({ divergence }: engine.RunDiverged): proto.RunDiverged {
  return { $typeName: 'millrace.state.v1.RunDiverged', divergence: divergenceToProto(divergence) };
}
