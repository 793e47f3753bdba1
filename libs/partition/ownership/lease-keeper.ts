import type { PartitionLeaseRow, PartitionLeaseTable } from '#libs/store/tables/leases.ts';
import type { Clock } from '../timers/clock.ts';
import type { OwnershipTiming } from './timing.ts';

/** What a keeper of leases needs. */
export interface LeaseKeeperOptions {
  readonly table: Pick<PartitionLeaseTable, 'read' | 'replace'>;
  readonly clock: Clock;
  readonly timing: OwnershipTiming;
  readonly partitionCount: number;
  /** Numbers from 0 up to 1. */
  random(): number;
  /** A lease was renewed: what was held back may be told. */
  onRenewed(row: PartitionLeaseRow): void;
  /** Somebody else has the row now; absent: it is gone. */
  onLost(partition: number, row: PartitionLeaseRow | undefined): void;
  /** A renewal failed; it is tried again. */
  onTrouble(error: unknown): void;
}

/** The leases that this node holds. */
export interface LeaseKeeper {
  /** Holds a row that this node has just put its name into. `sentMs`: when that was sent, at the latest. */
  hold(row: PartitionLeaseRow, sentMs: number): void;
  /** Whether the lease of a partition is held. */
  holds(partition: number): boolean;
  /** Lets go of a lease; nothing of it may be answered from now on. Answers its row as it was last known. */
  forget(partition: number): PartitionLeaseRow | undefined;
  /** Renews a lease now, which tells the others that its partition is served. */
  renewNow(partition: number): void;
  /** A row was read: it may tell that a lease is lost before its renewal does. */
  see(row: PartitionLeaseRow): void;
  /** Whether an answer may leave at this moment. [journal.md 11] */
  mayAnswer(partition: number): boolean;
  /** Renews nothing more and lets go of everything. */
  stop(): void;
}

interface HeldLease {
  row: PartitionLeaseRow;
  /** When the last good renewal was sent. */
  sentMs: number;
  /** When it is renewed next. */
  dueMs: number;
  /** Renewals without an answer. */
  inFlight: number;
  isChecked: boolean;
}

/** Renewals of one row that may be without an answer: a connection that died must not cost the lease. */
const MAX_IN_FLIGHT = 2;
/** How soon a renewal that failed is tried again, as a share of the interval. */
const RETRY_SHARE = 0.2;

/**
 * Keeps leases. One timer serves all rows; each is due on its own, so that their renewals are spread over the interval
 * and none waits for another. A renewal is a replacement of the row at the revision that is known.
 *
 * - It is done: the lease is good from when it was sent.
 * - It is refused, or nobody knows what became of it: the row is read. While it has this node's name and epoch it is
 *   ours, because nobody else writes them: a replacement that seemed to be lost has arrived. Its revision is taken over
 *   and the next renewal shows how long the lease is good. Anything else is the loss of the partition.
 */
export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const { table, clock, timing } = options;
  const leases = new Map<number, HeldLease>();
  /** Until when answers may leave, by partition: it is asked for every batch of answers. */
  const untilMs = new Float64Array(options.partitionCount).fill(Number.NEGATIVE_INFINITY);
  let cancelTimer: (() => void) | undefined;
  let isStopped = false;

  function isCurrent(lease: HeldLease): boolean {
    return leases.get(lease.row.partition) === lease;
  }

  function arm(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    if (isStopped || leases.size === 0) return;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const lease of leases.values()) dueMs = Math.min(dueMs, lease.dueMs);
    cancelTimer = clock.setTimer(Math.max(0, Math.ceil(dueMs - clock.monotonic())), pump);
  }

  function pump(): void {
    const nowMs = clock.monotonic();
    for (const lease of leases.values()) {
      if (lease.dueMs > nowMs) continue;
      lease.dueMs = nowMs + timing.renewMs * (0.9 + 0.2 * options.random());
      if (lease.inFlight < MAX_IN_FLIGHT) void renew(lease);
    }
    arm();
  }

  async function renew(lease: HeldLease): Promise<void> {
    const { row } = lease;
    const sentMs = clock.monotonic();
    lease.inFlight += 1;
    let isDone: boolean;
    try {
      isDone = await table.replace(row);
    } catch (error) {
      lease.inFlight -= 1;
      if (!isCurrent(lease)) return;
      options.onTrouble(error);
      // It may have arrived; the next one would be refused for it.
      await check(lease);
      return;
    }
    lease.inFlight -= 1;
    if (!isCurrent(lease)) return;
    if (!isDone) {
      await check(lease);
      return;
    }
    adopt(lease, { ...row, revision: row.revision + 1 });
    lease.sentMs = Math.max(lease.sentMs, sentMs);
    extend(lease);
    options.onRenewed(lease.row);
  }

  async function check(lease: HeldLease): Promise<void> {
    if (lease.isChecked) return;
    const { partition } = lease.row;
    lease.isChecked = true;
    try {
      const row = await table.read(partition);
      if (!isCurrent(lease)) return;
      if (row === undefined) lose(partition, undefined);
      else see(row);
    } catch (error) {
      if (isCurrent(lease)) options.onTrouble(error);
    } finally {
      lease.isChecked = false;
    }
    if (!isCurrent(lease)) return;
    lease.dueMs = Math.min(lease.dueMs, clock.monotonic() + timing.renewMs * RETRY_SHARE);
    arm();
  }

  function adopt(lease: HeldLease, row: PartitionLeaseRow): void {
    if (row.revision > lease.row.revision) lease.row = row;
  }

  function extend({ row, sentMs }: HeldLease): void {
    untilMs[row.partition] = sentMs + timing.leaseMs - timing.marginMs;
  }

  function forget(partition: number): PartitionLeaseRow | undefined {
    const lease = leases.get(partition);
    leases.delete(partition);
    untilMs[partition] = Number.NEGATIVE_INFINITY;
    return lease?.row;
  }

  function lose(partition: number, row: PartitionLeaseRow | undefined): void {
    forget(partition);
    options.onLost(partition, row);
  }

  function see(row: PartitionLeaseRow): void {
    const lease = leases.get(row.partition);
    if (lease === undefined || row.revision <= lease.row.revision) return;
    if (row.nodeId === lease.row.nodeId && row.epoch === lease.row.epoch) adopt(lease, row);
    else lose(row.partition, row);
  }

  return {
    hold: (row, sentMs) => {
      if (isStopped) return;
      const dueMs = clock.monotonic() + timing.renewMs * (0.5 + 0.5 * options.random());
      const lease: HeldLease = { row, sentMs, dueMs, inFlight: 0, isChecked: false };
      leases.set(row.partition, lease);
      extend(lease);
      arm();
    },
    holds: (partition) => leases.has(partition),
    forget,
    renewNow: (partition) => {
      const lease = leases.get(partition);
      if (lease === undefined) return;
      lease.dueMs = Number.NEGATIVE_INFINITY;
      pump();
    },
    see,
    mayAnswer: (partition) => clock.monotonic() < (untilMs[partition] ?? Number.NEGATIVE_INFINITY),
    stop: () => {
      isStopped = true;
      cancelTimer?.();
      cancelTimer = undefined;
      for (const partition of leases.keys()) forget(partition);
    },
  };
}
