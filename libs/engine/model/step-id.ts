/** Names a step of a function: scope, name and occurrence there. */
export interface StepId {
  /** A path such as `0/3`. Empty: the function itself. */
  readonly scope: string;
  readonly name: string;
  /** How many steps of this name came before it in the scope. From 0. */
  readonly occurrence: number;
}

/** A key under which a step can be looked up: unique in an incarnation, because a name holds no line break. */
export function stepKey(step: StepId): string {
  return `${step.scope}\n${step.name}\n${step.occurrence}`;
}

/** Whether two ids name the same step. */
export function isSameStep(a: StepId | undefined, b: StepId | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.name === b.name && a.occurrence === b.occurrence && a.scope === b.scope;
}
