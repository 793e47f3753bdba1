import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';

/** A key under which a step is found: unique in a run, because no name holds a line break. */
export function stepKey(scope: string, name: string, occurrence: number): string {
  return scope === '' ? `${occurrence}\n${name}` : `${occurrence}\n${name}\n${scope}`;
}

/** The key of a step that an event or notice names. Undefined: it names none. */
export function keyOfStep(step: StepId | undefined): string | undefined {
  return step === undefined ? undefined : stepKey(step.scope, step.name, step.occurrence);
}
