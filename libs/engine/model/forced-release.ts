import type { TaskReleased } from '../events/task-events.ts';

/** Begins the reason by which the log tells that an operator ended a hold. No reason that a worker gives begins so. */
export const FORCED: string = 'forced by ';

/** What a worker says of its release, so that it is never taken for an operator's. */
export function reasonOfWorker(reason: string): string {
  return isForcedRelease({ reason }) ? `worker: ${reason}` : reason;
}

/** Whether an operator ended the hold, and not who had it. */
export function isForcedRelease({ reason }: Pick<TaskReleased, 'reason'>): boolean {
  return reason.startsWith(FORCED);
}
