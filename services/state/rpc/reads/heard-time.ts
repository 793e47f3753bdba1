import type { DispatchSession } from '#libs/partition/dispatch/dispatch-session.ts';
import type { StateContext } from '../context.ts';

/** When a session was heard last, as wall-clock time. Undefined: never, since this node took its leases over. */
export function maybeHeardTime(
  { shape, heardMs }: DispatchSession,
  { nowMs, node }: Pick<StateContext, 'nowMs' | 'node'>,
): number | undefined {
  if (shape === undefined) return undefined;
  // Sessions count in monotonic time.
  return nowMs() - Math.max(0, node.clock.monotonic() - heardMs);
}
