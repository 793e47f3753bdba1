import type { LeaseKeeper } from './lease-keeper.ts';
import type { Mover } from './mover.ts';
import type { OwnershipOptions } from './ownership.ts';
import { MAX_FAILURES, type PartitionSlot } from './partition-slot.ts';
import { type Candidate, placePartitions } from './placement.ts';
import type { Sight } from './sight.ts';
import { takeDelayMs } from './take-delay.ts';
import type { OwnershipTiming } from './timing.ts';
import type { TroubleLog } from './trouble-log.ts';

/** What plans are made of. */
export interface PlannerOptions extends Pick<OwnershipOptions, 'tables' | 'clock' | 'nodeId' | 'self' | 'format'> {
  readonly isExclusive: boolean;
  readonly timing: OwnershipTiming;
  readonly slots: readonly PartitionSlot[];
  readonly keeper: LeaseKeeper;
  readonly sight: Sight;
  readonly mover: Mover;
  readonly trouble: TroubleLog;
  isDraining(): boolean;
}

/** Decides, after each look, what this node does. */
export interface Planner {
  /** Begins what has become possible. Answers when something will be, on the monotonic clock. */
  act(): number;
}

/**
 * How often the rows are read while partitions are handed over, by the one that frees them and by those that take them:
 * nobody has them in between, and the word of it may not arrive.
 */
const HAND_OVER_LOOK_MS = 50;

/** Signs of life that a node may leave out before nothing is moved to it. */
const QUIET_RENEWALS = 2;

/** Makes a planner. */
export function createPlanner(options: PlannerOptions): Planner {
  const { clock, nodeId, timing, slots, keeper, sight, mover } = options;
  const { members } = options.tables;
  const burying = new Set<string>();
  let placed = { key: '', orders: [] as readonly (readonly string[])[] };
  let crowd = '';
  /** When the nodes that may own something last became others: what comes and goes is not balanced for. */
  let settledMs = Number.NEGATIVE_INFINITY;
  /** Until when nothing is moved to nodes that lost something because their leases ended. */
  const doubtedUntilMs = new Map<string, number>();
  let movedMs = Number.NEGATIVE_INFINITY;

  function readCandidates(nowMs: number): readonly Candidate[] {
    const candidates: Candidate[] = sight.members.filter((member) => !member.isDraining && member.nodeId !== nodeId);
    if (!options.isDraining()) candidates.push({ nodeId, newestFormat: options.self.newestFormat });
    const now = candidates
      .map((candidate) => candidate.nodeId)
      .toSorted()
      .join(' ');
    if (now !== crowd) settledMs = nowMs;
    crowd = now;
    return candidates;
  }

  function place(candidates: readonly Candidate[]): void {
    const formats = slots.map(({ partition }) => sight.lease(partition)?.note.format ?? options.format);
    const key = JSON.stringify([formats, candidates.map(({ nodeId: id, newestFormat }) => [id, newestFormat])]);
    if (key !== placed.key) placed = { key, orders: placePartitions(formats, candidates) };
  }

  /** Who is to own a partition, and who comes next; those that could not recover it come last. */
  function orderOf(partition: number): readonly string[] {
    const order = placed.orders[partition] ?? [];
    const refusers = sight.lease(partition)?.note.refusers ?? [];
    if (refusers.length === 0) return order;
    return order.toSorted((a, b) => Number(refusers.includes(a)) - Number(refusers.includes(b)));
  }

  /** Whether a node is likely to take what is freed for it: one that died counts as alive for a lease yet. */
  function isWell(id: string, nowMs: number): boolean {
    return (
      sight.memberUnchangedMs(id) < timing.renewMs * QUIET_RENEWALS &&
      nowMs >= (doubtedUntilMs.get(id) ?? Number.NEGATIVE_INFINITY)
    );
  }

  /** Who a partition is handed over to. Empty: there is nobody else. */
  function targetOf(partition: number, nowMs: number): string {
    const order = orderOf(partition);
    return order.find((id) => id !== nodeId && isWell(id, nowMs)) ?? order.find((id) => id !== nodeId) ?? '';
  }

  function planFree(slot: PartitionSlot, nowMs: number): number {
    const lease = sight.lease(slot.partition);
    const order = orderOf(slot.partition);
    const next = targetOf(slot.partition, nowMs);
    const isOurs = lease?.row.nodeId === nodeId;
    const isForUs = lease?.row.nodeId === '' && lease.note.target === nodeId;
    if (lease !== undefined && options.isDraining()) {
      // What was freed for this node before the others knew that it drains goes on at once as well.
      if (isOurs || (isForUs && next !== '')) void mover.free(slot, lease.row, { target: next });
      return Number.POSITIVE_INFINITY;
    }
    if (lease !== undefined && isOurs && slot.failures >= MAX_FAILURES && next !== '') {
      slot.failures = 0;
      void mover.free(slot, lease.row, { target: next, refusers: [...lease.note.refusers, nodeId] });
      return Number.POSITIVE_INFINITY;
    }
    const delayMs = takeDelayMs({
      lease,
      order,
      nodeId,
      leaseMs: timing.leaseMs,
      isExclusive: options.isExclusive,
      isAlive: (id) => sight.members.some((member) => member.nodeId === id),
    });
    if (nowMs >= slot.notBeforeMs && sight.unchangedMs(slot.partition) >= delayMs) {
      const owner = lease?.row.nodeId ?? '';
      if (owner !== '' && owner !== nodeId) doubtedUntilMs.set(owner, nowMs + timing.leaseMs);
      void mover.take(slot, lease);
      return Number.POSITIVE_INFINITY;
    }
    return Math.max(slot.notBeforeMs, sight.sinceMs(slot.partition) + delayMs);
  }

  function planMove(nowMs: number): number {
    if (slots.some(({ phase }) => phase === 'releasing')) return Number.POSITIVE_INFINITY;
    for (const slot of slots) {
      if (slot.phase !== 'serving' || slot.isBusy) continue;
      const order = nowMs < slot.refusedUntilMs ? orderOf(slot.partition) : placed.orders[slot.partition];
      const [target = nodeId] = order ?? [];
      if (target === nodeId || !isWell(target, nowMs)) continue;
      const readyMs = Math.max(movedMs, settledMs) + timing.moveMs;
      if (nowMs < readyMs) return readyMs;
      movedMs = nowMs;
      void mover.handOver(slot, target);
      return nowMs + timing.moveMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Whether a node, this one included, hands over what it has. */
  function isHandedOver(): boolean {
    const draining = new Set(sight.members.filter((member) => member.isDraining).map((member) => member.nodeId));
    if (options.isDraining()) draining.add(nodeId);
    return draining.size > 0 && slots.some((slot) => draining.has(sight.lease(slot.partition)?.row.nodeId ?? ''));
  }

  /** Takes the rows of the dead away. Whoever notices does; all but the first find nothing. */
  function bury(): void {
    for (const { nodeId: id, revision } of sight.dead) {
      if (burying.has(id)) continue;
      burying.add(id);
      members
        .delete(id, revision)
        .catch((error: unknown) => options.trouble('the row of a dead member cannot be deleted', error))
        .finally(() => burying.delete(id));
    }
  }

  return {
    act: () => {
      const nowMs = clock.monotonic();
      for (const { partition } of slots) {
        const lease = sight.lease(partition);
        if (lease !== undefined) keeper.see(lease.row);
      }
      bury();
      for (const [id, untilMs] of doubtedUntilMs) if (nowMs >= untilMs) doubtedUntilMs.delete(id);
      place(readCandidates(nowMs));
      let dueMs = isHandedOver() ? nowMs + HAND_OVER_LOOK_MS : Number.POSITIVE_INFINITY;
      for (const slot of slots) {
        if (slot.isBusy) continue;
        if (slot.phase === 'none') dueMs = Math.min(dueMs, planFree(slot, nowMs));
        else if (options.isDraining()) void mover.handOver(slot, targetOf(slot.partition, nowMs));
      }
      return options.isDraining() ? dueMs : Math.min(dueMs, planMove(nowMs));
    },
  };
}
