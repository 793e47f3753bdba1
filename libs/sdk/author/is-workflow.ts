import type { AnyWorkflow } from './workflow.ts';

/** Whether a value is what `workflow()` makes; whichever copy of the library made it. */
export function isWorkflow(value: unknown): value is AnyWorkflow {
  if (typeof value !== 'object' || value === null) return false;
  const { name, version, code, options, sourceLocation } = value as Partial<Record<keyof AnyWorkflow, unknown>>;
  return (
    [name, version, sourceLocation].every((one) => typeof one === 'string') &&
    typeof code === 'function' &&
    typeof options === 'object' &&
    options !== null
  );
}
