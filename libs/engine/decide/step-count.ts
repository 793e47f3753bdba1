import type { Run } from '../model/run.ts';
import { type Decision, rejected } from './decision.ts';

/** STEPS_MISSING: the worker counts on `expected` records before this one, the log has others. */
export function stepsMissing(run: Run, expected: number): Decision {
  return rejected('STEPS_MISSING', { expected: String(expected), actual: String(run.stepCount) });
}
