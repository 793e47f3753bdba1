import { LogError } from '#libs/engine/model/log-error.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import { createDivergedRuns, type DivergedRuns } from './diverged-runs.ts';
import type { PartitionEvent, RequestAnswered, RunDeleted, RunQuarantined, SignalUnborn } from './partition-event.ts';

/** A message that is not acknowledged yet. */
export interface OutboxMessage {
  readonly targetPartition: number;
  readonly number: number;
  readonly body: Uint8Array;
  /** Whether it has a row. */
  hasRow: boolean;
}

/** The messages to one partition. */
export interface Outbox {
  nextNumber: number;
  /** What is not acknowledged, by number, in order. */
  readonly waiting: Map<number, OutboxMessage>;
}

/** What a partition knows beside its runs, folded from its events. */
export interface PartitionState {
  /** The latest time that was seen; it only grows. */
  time: number;
  readonly outboxes: Map<number, Outbox>;
  /** The last message of each source that took effect. */
  readonly applied: Map<number, number>;
  /** Answers that have no row yet, by scope. */
  readonly requests: Map<string, RequestAnswered>;
  /** Signals for runs that do not exist, by run. */
  readonly unborn: Map<string, SignalUnborn[]>;
  readonly quarantined: Map<string, RunQuarantined>;
  /** Incarnations whose rows go. */
  readonly deletions: Map<string, RunDeleted>;
  /** Runs that wait for another build of their code. */
  readonly diverged: DivergedRuns;
  /** Rows of messages that were acknowledged. */
  readonly acknowledged: OutboxMessage[];
}

/** A partition to which nothing happened. */
export function createPartitionState(): PartitionState {
  return {
    time: 0,
    outboxes: new Map(),
    applied: new Map(),
    requests: new Map(),
    unborn: new Map(),
    quarantined: new Map(),
    deletions: new Map(),
    diverged: createDivergedRuns(),
    acknowledged: [],
  };
}

/** Names a request: its scope is tenant, RPC and run. */
export function requestScope(key: Pick<RequestAnswered, 'tenantId' | 'runId' | 'rpc' | 'requestId'>): string {
  return JSON.stringify([key.tenantId, key.runId, key.rpc, key.requestId]);
}

/** The messages to a partition. */
export function outboxTo(state: PartitionState, targetPartition: number): Outbox {
  const known = state.outboxes.get(targetPartition);
  if (known !== undefined) return known;
  const outbox: Outbox = { nextNumber: 1, waiting: new Map() };
  state.outboxes.set(targetPartition, outbox);
  return outbox;
}

/** What a message of a partition is to the one that it came to. */
export function isApplied(state: PartitionState, sourcePartition: number, number: number): 'known' | 'next' | 'gap' {
  const last = state.applied.get(sourcePartition) ?? 0;
  if (number <= last) return 'known';
  return number === last + 1 ? 'next' : 'gap';
}

/** Forgets the signals that waited too long for their run. Whoever gives signals to a run looks at their time too. */
export function forgetExpired(state: PartitionState, now: number): void {
  for (const [id, signals] of state.unborn) {
    if (signals.every(({ expireTime }) => expireTime > now)) continue;
    const left = signals.filter(({ expireTime }) => expireTime > now);
    if (left.length === 0) state.unborn.delete(id);
    else state.unborn.set(id, left);
  }
}

/**
 * Folds an event into the state.
 *
 * @throws LogError NOT_NEXT or INCONSISTENT for one that cannot come now.
 */
export function evolvePartition(state: PartitionState, event: PartitionEvent): void {
  switch (event.kind) {
    case 'messageQueued': {
      const outbox = outboxTo(state, event.targetPartition);
      if (event.number !== outbox.nextNumber) {
        throw new LogError('NOT_NEXT', `message ${event.number} came where ${outbox.nextNumber} was to come`);
      }
      const { targetPartition, number, body } = event;
      outbox.nextNumber += 1;
      outbox.waiting.set(number, { targetPartition, number, body, hasRow: false });
      return;
    }
    case 'messagesAcknowledged': {
      const { waiting, nextNumber } = outboxTo(state, event.targetPartition);
      if (event.upTo >= nextNumber) {
        throw new LogError('INCONSISTENT', `message ${event.upTo} was acknowledged before ${nextNumber} was sent`);
      }
      for (const [number, message] of waiting) {
        if (number > event.upTo) break;
        waiting.delete(number);
        if (message.hasRow) state.acknowledged.push(message);
      }
      return;
    }
    case 'messageApplied':
      if (isApplied(state, event.sourcePartition, event.number) !== 'next') {
        throw new LogError(
          'NOT_NEXT',
          `message ${event.number} of partition ${event.sourcePartition} was not the next`,
        );
      }
      state.applied.set(event.sourcePartition, event.number);
      return;
    case 'requestAnswered':
      state.requests.set(requestScope(event), event);
      return;
    case 'signalUnborn': {
      const id = runIdKey(event);
      const signals = state.unborn.get(id);
      if (signals === undefined) state.unborn.set(id, [event]);
      else signals.push(event);
      return;
    }
    case 'unbornTaken':
      state.unborn.delete(runIdKey(event));
      return;
    case 'runQuarantined':
      state.quarantined.set(runIdKey(event), event);
      return;
    case 'runReleased':
      state.quarantined.delete(runIdKey(event));
      return;
    case 'runDeleted':
      state.deletions.set(event.incarnation, event);
      return;
    case 'divergenceNoted':
      state.diverged.add(event);
      return;
    case 'divergenceLifted':
      state.diverged.delete(runIdKey(event));
      return;
  }
}
