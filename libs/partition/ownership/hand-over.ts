import type { PartitionLeaseRow } from '#libs/store/tables/leases.ts';
import { bodyFromNote, type LeaseNote } from './lease-note.ts';
import type { MoverOptions } from './mover.ts';
import type { PartitionSlot } from './partition-slot.ts';
import { movedOn, orAborted } from './waits.ts';

/** Hands partitions over and frees leases. Nothing of it rejects. */
export interface HandOver {
  /** As `Mover.handOver`. Answers once the target serves the partition, or does not take it in time. */
  handOver(slot: PartitionSlot, target: string): Promise<void>;
  /** Frees a lease. Answers the revision of its row; undefined when it is not free, or nobody knows. */
  free(row: PartitionLeaseRow, change: Partial<LeaseNote>): Promise<number | undefined>;
}

/** How long a partition is served on while its tables come up with it. Then whoever takes it has more to read. */
const CATCH_UP_TIMEOUT_MS = 5_000;
/** How long what was decided may take to be durable. Then the partition is dropped as in a crash. */
const RELEASE_TIMEOUT_MS = 10_000;
/** How long the next ones are kept while a target does not serve what was freed for it. */
const SERVED_TIMEOUT_MS = 1_000;
/** How long a target that took nothing in that time is not waited for again: nobody tells it, and it looks by itself. */
const DEAF_MS = 5_000;
/** A target writes its name into a row that was freed, and renews it when it serves. */
const SERVED_REVISIONS = 2;
/** How often a lease is freed anew that was renewed meanwhile: as many renewals may be on their way, and one more. */
const MAX_FREES = 3;

/**
 * Makes what hands over. While its tables come up with it, a partition is served; from when it is not until the target
 * serves it, nobody does, and all that the target has to read is what happened since.
 */
export function createHandOver(options: MoverOptions): HandOver {
  const { node, clock, log, keeper, sight, trouble } = options;
  const { leases } = options.tables;
  /** Until when targets are not waited for. */
  const deafUntilMs = new Map<string, number>();

  async function handOver(slot: PartitionSlot, target: string): Promise<void> {
    const { partition } = slot;
    if (slot.phase === 'serving') await inTime(slot, CATCH_UP_TIMEOUT_MS, () => node.catchUp(partition));
    // It may have been lost meanwhile.
    if (slot.phase !== 'serving' && slot.phase !== 'faulted') return;
    slot.phase = 'releasing';
    options.onChange();
    const releasing = node.release(partition);
    if (!(await inTime(slot, RELEASE_TIMEOUT_MS, () => releasing))) {
      // Nothing is lost: whoever takes it next recovers it from the journal.
      trouble(`partition ${partition} was dropped and not handed over in order`, movedOn(partition));
      node.drop(partition);
    }
    slot.phase = 'none';
    // From here on nothing is answered, so that whoever it is freed for may answer at once.
    const row = keeper.forget(partition);
    const isForgiven = clock.monotonic() >= slot.refusedUntilMs;
    const revision = row && (await free(row, isForgiven ? { target, refusers: [] } : { target }));
    await releasing.catch(() => undefined);
    if (revision !== undefined && target !== '') await untilServed(slot, revision, target);
  }

  /** Does what may be given up: at the end of its time, or when the lease is lost. Answers whether it was done. */
  async function inTime(
    slot: PartitionSlot,
    maxMs: number,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<boolean> {
    const { partition } = slot;
    const abort = new AbortController();
    slot.abort = abort;
    const cancelTimeout = clock.setTimer(maxMs, () => abort.abort(movedOn(partition)));
    try {
      await orAborted(work(abort.signal), abort.signal);
      return true;
    } catch (error) {
      if (!abort.signal.aborted) trouble(`the hand-over of partition ${partition} failed`, error);
      return false;
    } finally {
      cancelTimeout();
    }
  }

  /** Keeps those that are handed over next with this node, where they are served, until the target has come so far. */
  async function untilServed(slot: PartitionSlot, revision: number, target: string): Promise<void> {
    const readRow = (): PartitionLeaseRow | undefined => sight.lease(slot.partition)?.row;
    const isTaken = (): boolean => readRow()?.nodeId !== '';
    const isServed = (): boolean => (readRow()?.revision ?? 0) >= revision + SERVED_REVISIONS;
    if (clock.monotonic() < (deafUntilMs.get(target) ?? Number.NEGATIVE_INFINITY)) return;
    deafUntilMs.delete(target);
    await inTime(slot, SERVED_TIMEOUT_MS, (signal) => options.until(isServed, signal));
    if (!isTaken()) deafUntilMs.set(target, clock.monotonic() + DEAF_MS);
  }

  async function free(row: PartitionLeaseRow, change: Partial<LeaseNote>): Promise<number | undefined> {
    const { partition } = row;
    const { format = options.format, refusers = [] } = sight.lease(partition)?.note ?? {};
    const freed = { ...row, nodeId: '', body: bodyFromNote({ format, target: '', refusers, ...change }) };
    try {
      for (let attempt = 1; attempt <= MAX_FREES; attempt += 1) {
        if (await leases.replace(freed)) {
          const revision = freed.revision + 1;
          sight.note({ ...freed, revision });
          options.onChange();
          log.info({ partition, epoch: row.epoch, ...change }, 'partition freed');
          return revision;
        }
        const standing = await leases.read(partition);
        if (standing?.nodeId !== row.nodeId || standing.epoch !== row.epoch) return undefined;
        // A renewal that was on its way has arrived.
        freed.revision = standing.revision;
      }
    } catch (error) {
      trouble(`the lease of partition ${partition} cannot be freed`, error);
    }
    return undefined;
  }

  return { handOver, free };
}
