import { isTerminal } from '#libs/engine/model/status.ts';
import type { SlotRange } from '#libs/store/slots.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { Clock } from '../timers/clock.ts';
import { deleteRun } from './delete-run.ts';
import { maySweep } from './deletion.ts';
import type { Partition } from './partition.ts';

/** Time between two sweeps: what is over stays that much longer. */
const SWEEP_EVERY_MS = 60_000;
/** Time between two sweeps while there is more than one takes. */
const SWEEP_SOON_MS = 1_000;
/** Runs, rows and marks of each kind that one sweep removes. */
const MAX_ROWS = 500;
/** Tombstones are kept so long: a late round of an owner before is long over then. [journal.md 15] */
const TOMBSTONE_MS: number = 60 * 60 * 1000;

/** What a sweep works on. */
export interface SweepOptions {
  readonly partition: Partition;
  readonly slots: SlotRange;
  readonly tables: StateTables;
  readonly clock: Clock;
  readonly mayWrite: () => boolean;
  /** When the first sweep begins, from 0 up to 1 of the interval, so that partitions do not sweep together. */
  readonly random: () => number;
  readonly onTrouble: (what: string, error: unknown) => void;
}

/** Removes what is kept long enough: runs after their retention, request ids, unborn signals, tombstones. */
export interface Sweep {
  stop(): void;
}

/** Starts the sweep of a partition. */
export function startSweep({ partition, slots, tables, clock, mayWrite, random, onTrouble }: SweepOptions): Sweep {
  const { state, line } = partition;
  let isStopped = false;
  let cancelTimer: (() => void) | undefined;

  function later(ms: number): void {
    if (isStopped) return;
    cancelTimer = clock.setTimer(ms, () => {
      sweep()
        .then((hasMore) => later(hasMore ? SWEEP_SOON_MS : SWEEP_EVERY_MS))
        .catch((error: unknown) => {
          if (!isStopped) onTrouble('what is over cannot be removed', error);
          later(SWEEP_EVERY_MS);
        });
    });
  }

  async function sweep(): Promise<boolean> {
    if (!mayWrite()) return false;
    const now = clock.now();
    const removed = [
      await sweepRuns(now),
      await sweepPastRuns(now),
      await sweepRequests(now),
      await tables.purgeTombstones(now - TOMBSTONE_MS, MAX_ROWS),
    ];
    sweepUnborn(now);
    return removed.some((count) => count >= MAX_ROWS);
  }

  async function sweepRuns(now: number): Promise<number> {
    if (!maySweep(state)) return MAX_ROWS;
    const expired = await tables.expiredBefore(slots, now, MAX_ROWS);
    for (const { tenantId, runId, incarnation } of expired) {
      if (isStopped || state.deletions.has(incarnation)) continue;
      const key = { tenantId, runId };
      partition.visit(key, {
        intent: 'terminateRun',
        act: (visit) => {
          const { hot } = visit;
          if (hot === undefined || hot.identity.incarnation !== incarnation || !isTerminal(hot.run.status)) return;
          deleteRun(visit, { past: [], requestedBy: '' });
        },
        fail: (error) => onTrouble(`run ${runId} cannot be removed`, error),
      });
    }
    return expired.length;
  }

  /** Incarnations that were replaced are in no memory: their deletion is noted and done behind, as any other. */
  async function sweepPastRuns(now: number): Promise<number> {
    if (!maySweep(state)) return MAX_ROWS;
    const expired = await tables.pastHeadsExpiredBefore(slots, now, MAX_ROWS);
    for (const { tenantId, runId, incarnation } of expired) {
      if (isStopped || !line.isOpen || state.deletions.has(incarnation)) continue;
      partition.record({ kind: 'runDeleted', tenantId, runId, incarnation });
    }
    return expired.length;
  }

  async function sweepRequests(now: number): Promise<number> {
    const expired = await tables.requestIdsExpiredBefore(slots, now, MAX_ROWS);
    const writes: RowWrite[] = expired.map((key) => ({ table: 'requestIds', delete: key }));
    // A request that is kept again has a newer position, and its row stays.
    const stamp = { position: line.durablePosition, time: now };
    if (writes.length > 0) await tables.writeRows(stamp, writes, AbortSignal.timeout(SWEEP_EVERY_MS));
    return expired.length;
  }

  function sweepUnborn(now: number): void {
    for (const signals of state.unborn.values()) {
      const [first] = signals;
      if (first === undefined || !line.isOpen || signals.some(({ expireTime }) => expireTime > now)) continue;
      partition.record({ kind: 'unbornTaken', tenantId: first.tenantId, runId: first.runId });
    }
  }

  later(SWEEP_EVERY_MS * random());
  return {
    stop: () => {
      isStopped = true;
      cancelTimer?.();
    },
  };
}
