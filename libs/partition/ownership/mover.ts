import { DomainError } from '#libs/errors/domain-error.ts';
import type { PartitionLeaseRow } from '#libs/store/tables/leases.ts';
import { createHandOver } from './hand-over.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { bodyFromNote, type LeaseNote } from './lease-note.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import type { OwnershipOptions } from './ownership.ts';
import { countFailure, type PartitionSlot, REFUSED_MS } from './partition-slot.ts';
import type { SeenLease, Sight } from './sight.ts';
import type { OwnershipTiming } from './timing.ts';
import type { TroubleLog } from './trouble-log.ts';
import { movedOn, orAborted } from './waits.ts';

/** What moves partitions. */
export interface MoverOptions
  extends Pick<OwnershipOptions, 'node' | 'tables' | 'clock' | 'nodeId' | 'format' | 'log'> {
  readonly timing: OwnershipTiming;
  readonly keeper: LeaseKeeper;
  readonly sight: Sight;
  readonly trouble: TroubleLog;
  /** Whether partitions are still taken. */
  mayTake(): boolean;
  /** Something is not as it was. */
  onChange(): void;
  /** The rows should be looked at soon. */
  onUnclear(): void;
  /** Waits until something is so, as far as this node can see. Rejects with the signal's reason when it aborts. */
  until(isSo: () => boolean, signal: AbortSignal): Promise<void>;
}

/** Takes partitions and hands them over, a few at a time. Nothing of it rejects: what fails is found at a later look. */
export interface Mover {
  /** Puts this node's name into a lease and has the partition served. */
  take(slot: PartitionSlot, seen: SeenLease | undefined): Promise<void>;
  /** Stops serving a partition and frees its lease for another node; for whoever it falls to where `target` is empty. */
  handOver(slot: PartitionSlot, target: string): Promise<void>;
  /** Frees a lease that has this node's name and is not held. */
  free(slot: PartitionSlot, row: PartitionLeaseRow, change: Partial<LeaseNote>): Promise<void>;
  /** The lease of a partition is lost. */
  leaseLost(slot: PartitionSlot): void;
  /** The node does not serve a partition any more. */
  servingLost(slot: PartitionSlot, error: unknown): void;
}

/** Moves at a time: a recovery reads a lot, and those that are served meanwhile have to go on. */
const MAX_AT_ONCE = 4;
/** What is handed over at a time, so that nothing that was freed waits for long while its target takes something else. */
const MAX_HAND_OVERS = 2;

/** Makes a mover. */
export function createMover(options: MoverOptions): Mover {
  const { node, clock, nodeId, log, timing, keeper, sight, trouble } = options;
  const { leases } = options.tables;
  const takes = createLimiter(MAX_AT_ONCE);
  /** What was freed for this node has nobody, and has little to be read: it does not wait for what is recovered. */
  const handedTakes = createLimiter(MAX_AT_ONCE);
  const handOvers = createLimiter(MAX_HAND_OVERS);
  const moves = createHandOver(options);

  async function busy(slot: PartitionSlot, limit: Limiter, work: () => Promise<void>): Promise<void> {
    slot.isBusy = true;
    try {
      await limit(work);
    } catch (error) {
      trouble(`a bug in moving partition ${slot.partition}`, error);
    }
    slot.isBusy = false;
    slot.abort = undefined;
    options.onChange();
    options.onUnclear();
  }

  async function take(slot: PartitionSlot, seen: SeenLease | undefined): Promise<void> {
    if (!options.mayTake()) return;
    const { partition } = slot;
    const sentMs = clock.monotonic();
    const row = await maybeName(slot, seen);
    if (row === undefined) return;
    sight.note(row);
    keeper.hold(row, sentMs);
    slot.refusedUntilMs = sentMs + REFUSED_MS;
    slot.phase = 'taking';
    const { signal } = (slot.abort = new AbortController());
    if (!options.mayTake()) slot.abort.abort(movedOn(partition));
    options.onChange();
    const serve = (): void => {
      if (signal.aborted) return;
      slot.phase = 'serving';
      slot.servedMs = clock.monotonic();
      const tookMs = Math.round(slot.servedMs - sentMs);
      log.info({ partition, epoch: row.epoch, tookMs }, 'partition taken over');
      options.onChange();
      // Whoever freed it frees the next one then.
      if (seen?.note.target === nodeId) keeper.renewNow(partition);
    };
    const taking = signal.aborted ? Promise.resolve() : node.takeOver(partition, row.epoch, signal, serve);
    try {
      await orAborted(taking, signal);
    } catch (error) {
      node.drop(partition);
      takingFailed(slot, error);
      options.onChange();
      // It may come to serve the partition after that, however it ends.
      await taking.catch(() => undefined);
      node.drop(partition);
    }
  }

  /** Writes this node's name. Absent: somebody else was faster, or nobody knows. */
  async function maybeName(slot: PartitionSlot, seen: SeenLease | undefined): Promise<PartitionLeaseRow | undefined> {
    const { partition } = slot;
    const format = Math.max(seen?.note.format ?? 0, options.format);
    const refusers = (seen?.note.refusers ?? []).filter((other) => other !== nodeId);
    const body = bodyFromNote({ format, target: '', refusers });
    const fresh = { partition, nodeId, epoch: (seen?.row.epoch ?? 0) + 1, body };
    const revision = seen?.row.revision ?? 0;
    try {
      const isDone = await (seen === undefined ? leases.insert(fresh) : leases.replace({ ...fresh, revision }));
      return isDone ? { ...fresh, revision: revision + 1 } : undefined;
    } catch (error) {
      countFailure(slot, clock.monotonic(), timing.leaseMs);
      trouble(`the lease of partition ${partition} cannot be written`, error);
      return undefined;
    }
  }

  function takingFailed(slot: PartitionSlot, error: unknown): void {
    const { partition } = slot;
    const isOurs = keeper.holds(partition);
    if (isCorrupt(error) && isOurs) {
      setFaulted(slot, error);
      return;
    }
    keeper.forget(partition);
    slot.phase = 'none';
    if (!isOurs || !options.mayTake()) return;
    const nowMs = clock.monotonic();
    countFailure(slot, nowMs, timing.leaseMs);
    // A journal that is still written to says to wait a lease. [journal.md 12]
    const askedMs = error instanceof DomainError ? (error.retryAfterMs ?? 0) : 0;
    slot.notBeforeMs = Math.max(slot.notBeforeMs, nowMs + askedMs);
    trouble(`partition ${partition} cannot be taken over`, error);
  }

  function setFaulted(slot: PartitionSlot, error: unknown): void {
    const { partition } = slot;
    slot.phase = 'faulted';
    log.error({ partition, err: error }, 'PARTITION FAULTED: its records cannot be read, its calls are refused');
    options.onChange();
  }

  return {
    take: (slot, seen) => busy(slot, seen?.note.target === nodeId ? handedTakes : takes, () => take(slot, seen)),
    handOver: (slot, target) => busy(slot, handOvers, () => moves.handOver(slot, target)),
    free: (slot, row, change) => busy(slot, takes, async () => void (await moves.free(row, change))),
    leaseLost: (slot) => {
      const { partition, phase } = slot;
      log.warn({ partition, phase }, 'the lease of a partition is lost');
      slot.abort?.abort(movedOn(partition));
      if (phase !== 'serving' && phase !== 'faulted') return;
      slot.phase = 'none';
      options.onChange();
      node.drop(partition);
    },
    servingLost: (slot, error) => {
      const { partition } = slot;
      if (slot.phase === 'taking') slot.abort?.abort(error ?? movedOn(partition));
      if (slot.phase !== 'serving') return;
      if (isCorrupt(error)) {
        setFaulted(slot, error);
        return;
      }
      keeper.forget(partition);
      slot.phase = 'none';
      countFailure(slot, clock.monotonic(), timing.leaseMs);
      log.warn({ partition, err: error }, 'a partition is not served any more, and is recovered if it is still ours');
      options.onChange();
      options.onUnclear();
    },
  };
}

function isCorrupt(error: unknown): boolean {
  return error instanceof DomainError && error.kind === 'corrupt';
}
