import type { Dispatch } from '#libs/partition/dispatch/dispatch.ts';
import type { DispatchSession } from '#libs/partition/dispatch/dispatch-session.ts';
import { ANY_DEFINITION, type WorkerShape } from '#libs/partition/ready/worker-shape.ts';
import { compareText } from '#libs/store/tables/text-order.ts';

/** A session that has a stream. */
export interface ConnectedSession {
  readonly session: DispatchSession;
  readonly shape: WorkerShape;
  /** How many items more it takes. */
  readonly credits: number;
}

/** A worker that is connected to this node, with all of its sessions here. */
export interface ConnectedWorker {
  readonly workerId: string;
  readonly sessions: readonly ConnectedSession[];
}

/** The workers of a tenant that are connected to this node, by id. */
export function connectedWorkers(dispatch: Dispatch, tenantId: string): readonly ConnectedWorker[] {
  const byId = new Map<string, ConnectedSession[]>();
  for (const session of dispatch.sessions()) {
    const { workerId, shape, link } = session;
    if (session.tenantId !== tenantId || link === undefined || shape === undefined) continue;
    // A claim of work items that waits runs nothing of a definition, and is gone with its answer.
    if (shape.definitions.has(ANY_DEFINITION)) continue;
    const connected = { session, shape, credits: dispatch.lists.creditsOf(session.sessionId) };
    const known = byId.get(workerId);
    if (known === undefined) byId.set(workerId, [connected]);
    else known.push(connected);
  }
  return Array.from(byId, ([workerId, sessions]) => ({ workerId, sessions })).toSorted((a, b) =>
    compareText(a.workerId, b.workerId),
  );
}
