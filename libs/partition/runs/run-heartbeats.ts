import type { Payload } from '#libs/engine/model/payload.ts';
import type { Run } from '#libs/engine/model/run.ts';
import { type StepId, stepKey } from '#libs/engine/model/step-id.ts';

/** Steps of a run that are remembered: many times what a function does at once. */
const MAX_STEPS = 1_000;

/** What workers said of attempts that are under way. It is in memory only, and gone when the run leaves it. */
export interface RunHeartbeats {
  /** What an attempt of a node said last, by the node's path: its next attempt is told. */
  readonly details: Map<string, Payload>;
  /** When steps were heard of last, by `stepKey`, in monotonic milliseconds; the one that was heard longest ago first. */
  readonly steps: Map<string, number>;
}

/** A run in memory, as far as heartbeats go. */
export interface HeardRun {
  readonly run: Run;
  heartbeats: RunHeartbeats | undefined;
}

/** Notes what an attempt has done so far. */
export function noteDetails(hot: HeardRun, nodePath: string, details: Payload): void {
  heartbeatsOf(hot).details.set(nodePath, details);
}

/** What the last attempt of a node said. Undefined: nothing. */
export function maybeDetails({ heartbeats }: HeardRun, nodePath: string): Payload | undefined {
  return heartbeats?.details.get(nodePath);
}

/** Whether an attempt of a step is under way that the server watches. */
export function isBegun({ run }: HeardRun, step: StepId): boolean {
  return run.openSteps.get(stepKey(step))?.state === 'begun';
}

/** Whether a step was heard of while its attempt was under way. */
export function wasHeard({ heartbeats }: HeardRun, step: StepId): boolean {
  return heartbeats?.steps.has(stepKey(step)) === true;
}

/** Notes that a step is alive. One whose attempt is not under way is left alone. */
export function noteStepHeard(hot: HeardRun, step: StepId, monotonicMs: number): void {
  if (!isBegun(hot, step)) return;
  const { steps } = heartbeatsOf(hot);
  const key = stepKey(step);
  steps.delete(key);
  steps.set(key, monotonicMs);
  if (steps.size <= MAX_STEPS) return;
  for (const oldest of steps.keys()) {
    steps.delete(oldest);
    return;
  }
}

function heartbeatsOf(hot: HeardRun): RunHeartbeats {
  hot.heartbeats ??= { details: new Map(), steps: new Map() };
  return hot.heartbeats;
}
