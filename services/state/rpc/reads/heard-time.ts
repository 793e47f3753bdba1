import type { DispatchSession } from '#libs/partition/dispatch/dispatch-session.ts';

/** When a session was heard last, as wall-clock time. Undefined: never, since this node took its leases over. */
export function maybeHeardTime({ shape, heardMs }: DispatchSession, nowMs: number): number | undefined {
  if (shape === undefined) return undefined;
  // Sessions count in the monotonic time of the process.
  return nowMs - Math.max(0, performance.now() - heardMs);
}
