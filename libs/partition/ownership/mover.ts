import { DomainError } from '#libs/errors/domain-error.ts';
import type { PartitionLeaseRow } from '#libs/store/tables/leases.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { bodyFromNote, type LeaseNote } from './lease-note.ts';
import { createLimiter } from './limiter.ts';
import type { OwnershipOptions } from './ownership.ts';
import { countFailure, type PartitionSlot, REFUSED_MS } from './partition-slot.ts';
import type { SeenLease, Sight } from './sight.ts';
import type { OwnershipTiming } from './timing.ts';
import type { TroubleLog } from './trouble-log.ts';
import { orAborted } from './waits.ts';

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
/** How long the tables may take to come up with a partition that is handed over. Then it is recovered instead. */
const RELEASE_TIMEOUT_MS = 10_000;
/** How often a lease is freed anew that was renewed meanwhile: as many renewals may be on their way, and one more. */
const MAX_FREES = 3;

/** Makes a mover. */
export function createMover(options: MoverOptions): Mover {
  const { node, clock, nodeId, log, timing, keeper, sight, trouble } = options;
  const { leases } = options.tables;
  const limit = createLimiter(MAX_AT_ONCE);

  async function busy(slot: PartitionSlot, work: () => Promise<void>): Promise<void> {
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
    const taking = signal.aborted ? Promise.resolve() : node.takeOver(partition, row.epoch, signal);
    try {
      await orAborted(taking, signal);
    } catch (error) {
      node.drop(partition);
      takingFailed(slot, error);
      options.onChange();
      // It may come to serve the partition after that, however it ends.
      await taking.catch(() => undefined);
      node.drop(partition);
      return;
    }
    slot.phase = 'serving';
    slot.servedMs = clock.monotonic();
    log.info({ partition, epoch: row.epoch, tookMs: Math.round(slot.servedMs - sentMs) }, 'partition taken over');
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

  async function handOver(slot: PartitionSlot, target: string): Promise<void> {
    if (slot.phase !== 'serving' && slot.phase !== 'faulted') return;
    const { partition } = slot;
    slot.phase = 'releasing';
    const abort = new AbortController();
    slot.abort = abort;
    options.onChange();
    const cancelTimeout = clock.setTimer(RELEASE_TIMEOUT_MS, () => abort.abort(movedOn(partition)));
    const releasing = node.release(partition, abort.signal);
    try {
      await orAborted(releasing, abort.signal);
    } catch (error) {
      // Nothing is lost: whoever takes it next recovers it from the journal.
      trouble(`partition ${partition} was dropped and not handed over in order`, error);
      node.drop(partition);
    } finally {
      cancelTimeout();
    }
    slot.phase = 'none';
    // From here on nothing is answered, so that whoever it is freed for may answer at once.
    const row = keeper.forget(partition);
    const isForgiven = clock.monotonic() >= slot.refusedUntilMs;
    if (row !== undefined) await free(row, isForgiven ? { target, refusers: [] } : { target });
    await releasing.catch(() => undefined);
  }

  async function free(row: PartitionLeaseRow, change: Partial<LeaseNote>): Promise<void> {
    const { partition } = row;
    const { format = options.format, refusers = [] } = sight.lease(partition)?.note ?? {};
    const freed = { ...row, nodeId: '', body: bodyFromNote({ format, target: '', refusers, ...change }) };
    try {
      for (let attempt = 1; attempt <= MAX_FREES; attempt += 1) {
        if (await leases.replace(freed)) {
          sight.note({ ...freed, revision: freed.revision + 1 });
          options.onChange();
          log.info({ partition, epoch: row.epoch, ...change }, 'partition freed');
          return;
        }
        const standing = await leases.read(partition);
        if (standing?.nodeId !== row.nodeId || standing.epoch !== row.epoch) return;
        // A renewal that was on its way has arrived.
        freed.revision = standing.revision;
      }
    } catch (error) {
      trouble(`the lease of partition ${partition} cannot be freed`, error);
    }
  }

  return {
    take: (slot, seen) => busy(slot, () => take(slot, seen)),
    handOver: (slot, target) => busy(slot, () => handOver(slot, target)),
    free: (slot, row, change) => busy(slot, () => free(row, change)),
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

function movedOn(partition: number): DomainError {
  return new DomainError('UNAVAILABLE', `partition ${partition} is not owned any more`, { retryAfterMs: 250 });
}
