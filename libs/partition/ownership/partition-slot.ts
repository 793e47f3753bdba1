/**
 * What this node does with a partition.
 *
 * - `none`: it is not held. Its lease has another name, or none, or ours while it is about to be taken or freed.
 * - `taking`: its lease is held, and it is being recovered.
 * - `serving`: its lease is held, and it is served.
 * - `releasing`: its lease is held, and what is in memory is brought to the tables.
 * - `faulted`: its lease is held so that nobody takes it in vain, and its records cannot be read.
 *
 * From `none` only a lease row that was written leads on, to `taking`. The loss of the lease leads back from everywhere.
 * While `isBusy` a piece of work is under way or waits for its turn, and no other is begun.
 */
export interface PartitionSlot {
  readonly partition: number;
  phase: 'none' | 'taking' | 'serving' | 'releasing' | 'faulted';
  isBusy: boolean;
  /** Ends the work that is under way, once its lease is lost. */
  abort: AbortController | undefined;
  /** Take-overs that failed and losses, since it was last served for a while. */
  failures: number;
  /** Before this it is not taken again. */
  notBeforeMs: number;
  /** When it was served at last. */
  servedMs: number;
  /** Until when it is not handed over to those that could not recover it. */
  refusedUntilMs: number;
}

/** Makes the slot of a partition that is not held. */
export function createPartitionSlot(partition: number): PartitionSlot {
  return {
    partition,
    phase: 'none',
    isBusy: false,
    abort: undefined,
    failures: 0,
    notBeforeMs: Number.NEGATIVE_INFINITY,
    servedMs: Number.POSITIVE_INFINITY,
    refusedUntilMs: Number.NEGATIVE_INFINITY,
  };
}

/** Failures after which another node is asked. */
export const MAX_FAILURES = 5;
/** How long a node that could not recover a partition is not asked again where another can. */
export const REFUSED_MS = 300_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 8_000;

/** Counts a failure. The first is tried again at once, later ones after pauses that double. */
export function countFailure(slot: PartitionSlot, nowMs: number, leaseMs: number): void {
  if (nowMs - slot.servedMs > leaseMs) slot.failures = 0;
  slot.failures += 1;
  slot.notBeforeMs =
    nowMs + (slot.failures === 1 ? 0 : Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (slot.failures - 2)));
}
