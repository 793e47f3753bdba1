import type { StepId as StepIdMessage } from '#gen/millrace/state/v1/step_events_pb.ts';
import type { StepId } from '#libs/engine/model/step-id.ts';
import { assertPlain } from './control-character.ts';

/**
 * The step that a frame names.
 *
 * @throws INVALID_FIELDS for a scope or name with control characters: a line break would make two steps one.
 */
export function stepIdFromProto({ scope, name, occurrence }: Pick<StepIdMessage, keyof StepId>): StepId {
  assertPlain(scope, 'scope');
  assertPlain(name, 'name');
  return { scope, name, occurrence };
}

/** A step on the wire. */
export function stepIdToProto({ scope, name, occurrence }: StepId): StepIdMessage {
  return { $typeName: 'millrace.state.v1.StepId', scope, name, occurrence };
}

/** As `stepIdToProto`; absent stays absent. */
export function maybeStepIdToProto(step: StepId | undefined): StepIdMessage | undefined {
  return step === undefined ? undefined : stepIdToProto(step);
}

/** The path of what waits or fails: of the step, or, where there is none, of the node. */
export function pathOf(nodePath: string, step: StepId | undefined): string {
  if (step === undefined) return nodePath;
  return step.scope === '' ? step.name : `${step.scope}/${step.name}`;
}
