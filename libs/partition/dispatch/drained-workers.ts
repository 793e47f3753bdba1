import type { DispatchSession } from './dispatch-session.ts';
import type { DrainOrder } from './held-lease.ts';

/** Names a worker in its tenant. */
export type WorkerName = Pick<DispatchSession, 'tenantId' | 'workerId'>;

interface Drained {
  order: DrainOrder;
  readonly sessions: Set<DispatchSession>;
}

/** The workers that drain, as long as a session of theirs is remembered. */
export interface DrainedWorkers {
  /** A session has come: it drains if its worker does. */
  enter(session: DispatchSession): void;
  /** A session is forgotten; with the last one of a worker its drain is. */
  leave(session: DispatchSession): void;
  /** A worker drains, with these sessions and every one that comes. */
  drain(worker: WorkerName, order: DrainOrder, sessions: readonly DispatchSession[]): void;
  /** A worker drains no more. Answers the sessions that did. */
  undrain(worker: WorkerName): Iterable<DispatchSession>;
}

/** Makes the table of the workers that drain, without any. */
export function createDrainedWorkers(): DrainedWorkers {
  const drained = new Map<string, Drained>();
  return {
    enter: (session) => {
      if (drained.size === 0) return;
      const known = drained.get(keyOf(session));
      if (known === undefined) return;
      session.drainOrder = known.order;
      known.sessions.add(session);
    },
    leave: (session) => {
      if (session.drainOrder === undefined) return;
      const key = keyOf(session);
      const known = drained.get(key);
      known?.sessions.delete(session);
      if (known?.sessions.size === 0) drained.delete(key);
    },
    drain: (worker, order, sessions) => {
      if (sessions.length === 0) return;
      const key = keyOf(worker);
      const known = drained.get(key) ?? { order, sessions: new Set() };
      known.order = order;
      for (const session of sessions) known.sessions.add(session);
      for (const session of known.sessions) session.drainOrder = order;
      drained.set(key, known);
    },
    undrain: (worker) => {
      const key = keyOf(worker);
      const known = drained.get(key);
      drained.delete(key);
      for (const session of known?.sessions ?? []) session.drainOrder = undefined;
      return known?.sessions ?? [];
    },
  };
}

/** The length keeps `a` + `bc` apart from `ab` + `c`. */
function keyOf({ tenantId, workerId }: WorkerName): string {
  return `${tenantId.length}:${tenantId}${workerId}`;
}
