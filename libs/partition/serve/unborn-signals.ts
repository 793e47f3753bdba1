import type { Payload } from '#libs/engine/model/payload.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import type { PartitionState } from '../state/partition-state.ts';
import type { RunVisit } from './run-visit.ts';

/** How many signals wait for one run that does not exist. */
const MAX_UNBORN_PER_RUN = 100;
/** How long they wait. */
const UNBORN_MS: number = 24 * 60 * 60 * 1000;

/** A signal for a run that does not exist yet. */
export interface UnbornSignal {
  readonly name: string;
  readonly signalId: string;
  readonly payload: Payload | undefined;
}

/**
 * Keeps a signal for the run that starts under the id. Answers false for one whose id is known. [36]
 *
 * @throws SIGNALS_FULL.
 */
export function keepUnborn(visit: RunVisit, state: PartitionState, signal: UnbornSignal): boolean {
  const { tenantId, runId } = visit.key;
  const waiting = (state.unborn.get(runIdKey(visit.key)) ?? []).filter(({ expireTime }) => expireTime > visit.now);
  if (signal.signalId !== '' && waiting.some(({ signalId }) => signalId === signal.signalId)) return false;
  if (waiting.length >= MAX_UNBORN_PER_RUN) {
    throw new DomainError('SIGNALS_FULL', `at most ${MAX_UNBORN_PER_RUN} signals wait for a run that does not exist`, {
      metadata: { limit: 'unborn signals', maximum: String(MAX_UNBORN_PER_RUN) },
    });
  }
  const { now } = visit;
  visit.record({ kind: 'signalUnborn', tenantId, runId, ...signal, sendTime: now, expireTime: now + UNBORN_MS });
  return true;
}

/** Gives the signals that waited for it to a run that has just started, in the same record. */
export function deliverUnborn(visit: RunVisit, state: PartitionState): void {
  if (state.unborn.size === 0) return;
  const waiting = state.unborn.get(runIdKey(visit.key));
  if (waiting === undefined) return;
  for (const { name, signalId, payload, expireTime } of waiting) {
    if (expireTime > visit.now) visit.perform({ kind: 'sendSignal', name, signalId, payload });
  }
  const { tenantId, runId } = visit.key;
  visit.record({ kind: 'unbornTaken', tenantId, runId });
}
