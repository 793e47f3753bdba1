import type { Run } from '#libs/engine/model/run.ts';
import { isTerminal } from '#libs/engine/model/status.ts';

/** How long a lease that lives by heartbeats holds without one. */
export const HEARTBEAT_LEASE_MS = 30_000;

/**
 * When somebody has to look at a run next: when it has something to do by itself, when an item of it may be offered, or
 * when a worker that lives by heartbeats may have been lost. Infinity: never.
 */
export function nextTimeOf(run: Run, now: number): number {
  if (!run.started || isTerminal(run.status)) return Infinity;
  let next = run.wakeTime;
  for (const { item } of run.nodes.values()) {
    if (item === undefined) continue;
    if (item.lease === undefined) {
      // One whose time has come stands in a ready list, and has a row of its own.
      if (item.notBeforeTime !== undefined && item.notBeforeTime > now) next = Math.min(next, item.notBeforeTime);
    } else if (item.lease.expireTime === undefined && !item.lease.noExpiry) {
      next = Math.min(next, item.lease.leaseTime + HEARTBEAT_LEASE_MS);
    }
  }
  return next;
}

/** Whether a session has an item of the run, whose frames may come at any moment. */
export function isLeased(run: Run): boolean {
  for (const { item } of run.nodes.values()) {
    if (item?.lease !== undefined && item.lease.sessionId !== '') return true;
  }
  return false;
}
