import type { OpenNode } from './open-node.ts';
import { waitEndTime } from './open-things.ts';
import { ROOT, type Run } from './run.ts';
import { isTerminal } from './status.ts';

/** When nobody has taken a node's item for too long. Infinity: never, or not now. */
export function scheduleToStartTime(run: Run, node: OpenNode): number {
  const limitMs = run.rules.scheduleToStartMs;
  const item = node.item;
  // A run that is held or cleans up has another clock: resume starts this one anew, and clean-up has its own deadline.
  if (limitMs === undefined || item === undefined || item.lease !== undefined) return Infinity;
  // The tasks of a CLIENT run wait for whoever comes.
  if (run.cancelling || run.status === 'PAUSED' || run.client !== undefined) return Infinity;
  return Math.max(item.scheduleTime, item.notBeforeTime ?? 0, run.resumeTime) + limitMs;
}

/** The end of a run as a whole. A run timeout is not looked at any more once clean-up has its own deadline. */
export function runEndTime(run: Run): number {
  return run.cancelling ? run.cleanupDeadlineTime : run.deadlineTime;
}

/** Whether the step retries of a function are the server's to watch: a worker that has it watches them itself. */
export function watchesRetries(run: Run): boolean {
  return run.nodes.get(ROOT)?.item === undefined && run.divergence === undefined;
}

/**
 * Folds that what was to happen at `before` is to happen at `after`: of a run with thousands of holds, the others are
 * looked at only when it was the next of all. Infinity: never.
 */
export function moveWakeTime(run: Run, before: number, after: number): void {
  if (after <= run.wakeTime) run.wakeTime = after;
  else if (before <= run.wakeTime) run.wakeTime = computeWakeTime(run, before);
}

/**
 * The earliest moment at which the run has something to do by itself. The cost grows with what is open, so it is computed
 * only when something that counts here was taken away. It ends early at `notBefore`, when nothing can be earlier.
 */
export function computeWakeTime(run: Run, notBefore: number = -Infinity): number {
  if (!run.started || isTerminal(run.status)) return Infinity;
  let wake = runEndTime(run);
  if (run.client !== undefined) {
    for (const { item } of run.client.held.values()) {
      if (wake <= notBefore) break;
      const expireTime = item?.lease?.expireTime;
      if (expireTime !== undefined && expireTime < wake) wake = expireTime;
    }
    return wake;
  }
  for (const wait of run.waits.values()) wake = Math.min(wake, waitEndTime(wait));
  if (run.openSteps.size > 0) {
    const retries = watchesRetries(run);
    for (const step of run.openSteps.values()) {
      if (step.state === 'begun' || retries) wake = Math.min(wake, step.dueTime);
    }
  }
  for (const node of run.nodes.values()) {
    wake = Math.min(wake, node.item?.lease?.expireTime ?? Infinity, scheduleToStartTime(run, node));
  }
  return wake;
}
