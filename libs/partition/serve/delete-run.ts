import { isTerminal } from '#libs/engine/model/status.ts';
import type { RunVisit } from './run-visit.ts';

/** What is deleted beside the newest incarnation, and in whose name. */
export interface DeleteOrder {
  /** Incarnations that were replaced. */
  readonly past: readonly string[];
  readonly requestedBy: string;
}

/** What a deletion did. */
export interface Deleted {
  /** How many incarnations go. */
  readonly count: number;
  readonly wasOpen: boolean;
}

/**
 * Deletes a run in a visit to it: terminated where it is open, and gone for every later visit. Its rows and payloads are
 * removed behind. Absent: there is none.
 */
export function deleteRun(visit: RunVisit, { past, requestedBy }: DeleteOrder): Deleted | undefined {
  const { hot } = visit;
  if (hot === undefined) return undefined;
  const wasOpen = !isTerminal(hot.run.status);
  if (wasOpen) visit.perform({ kind: 'terminateRun', requestedBy, reason: 'it is deleted' });
  const replaced = hot.replaced.map(({ identity }) => identity.incarnation);
  const incarnations = new Set([...past, ...replaced, hot.identity.incarnation]);
  const { tenantId, runId } = visit.key;
  for (const incarnation of incarnations) visit.record({ kind: 'runDeleted', tenantId, runId, incarnation });
  visit.forget();
  return { count: incarnations.size, wasOpen };
}
