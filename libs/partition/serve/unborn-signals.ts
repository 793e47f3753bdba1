import type { Payload } from '#libs/engine/model/payload.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import type { PartitionState } from '../state/partition-state.ts';
import type { RunVisit } from './run-visit.ts';

/** How many signals wait for one run that does not exist. */
const MAX_UNBORN_PER_RUN = 100;
/** How many wait in a partition, whatever runs they are for. */
const MAX_UNBORN = 10_000;
/** Bytes of what waits in a partition: it stands in the checkpoint, which is one row. */
const MAX_UNBORN_BYTES: number = 4 * 1024 * 1024;
/** Numbers, lengths, and what a payload says of itself. */
const SIGNAL_BYTES = 256;
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
  assertRoom(state, { ...visit.key, ...signal });
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

/** @throws SIGNALS_FULL, naming the limit. */
function assertRoom({ unborn }: PartitionState, signal: UnbornSignal & RunVisit['key']): void {
  let count = 1;
  let bytes = bytesOf(signal);
  for (const signals of unborn.values()) {
    count += signals.length;
    for (const one of signals) bytes += bytesOf(one);
  }
  if (count > MAX_UNBORN) throw full('unborn signals of a partition', MAX_UNBORN);
  if (bytes > MAX_UNBORN_BYTES) throw full('bytes of unborn signals of a partition', MAX_UNBORN_BYTES);
}

function full(limit: string, maximum: number): DomainError {
  return new DomainError('SIGNALS_FULL', `${limit}: at most ${maximum} wait for runs that do not exist`, {
    metadata: { limit, maximum: String(maximum) },
  });
}

/** At least what an event of it has in a checkpoint. */
function bytesOf({ tenantId, runId, name, signalId, payload }: UnbornSignal & RunVisit['key']): number {
  let bytes = SIGNAL_BYTES + (payload?.data?.length ?? 0);
  for (const text of [tenantId, runId, name, signalId]) bytes += Buffer.byteLength(text);
  return bytes;
}
