import type { SeenLease } from './sight.ts';

/** What decides how long a node waits before it takes a partition. */
export interface TakeQuestion {
  /** Absent: nobody ever owned it. */
  readonly lease: SeenLease | undefined;
  /** Who is to own it, then who comes next. */
  readonly order: readonly string[];
  readonly nodeId: string;
  readonly leaseMs: number;
  readonly isExclusive: boolean;
  readonly isAlive: (nodeId: string) => boolean;
}

/**
 * How long a node must have seen a lease unchanged before it may take the partition; Infinity where it never may.
 *
 * - A node that is not in the order (it drains, or does not read the format) never takes.
 * - What has this node's own name, and is not held by it, is taken at once: nobody else answers under that name. So is
 *   everything in a store that nobody else has open.
 * - What was freed is taken at once by the node that it was freed for, or by the first in the order where that one is not
 *   alive or was not named.
 * - What has the name of another node is taken after a lease by the first in the order, the owner left out.
 * - Each later one in the order waits a lease more: it steps in where the ones before it live and yet do not take.
 */
export function takeDelayMs({ lease, order, nodeId, leaseMs, isExclusive, isAlive }: TakeQuestion): number {
  if (!order.includes(nodeId)) return Number.POSITIVE_INFINITY;
  const owner = lease?.row.nodeId ?? '';
  if (owner === nodeId || isExclusive) return 0;
  if (owner !== '') return leaseMs * (1 + rankIn(order, nodeId, owner));
  const target = lease?.note.target ?? '';
  if (target === nodeId) return 0;
  if (target !== '' && isAlive(target)) return leaseMs * (1 + rankIn(order, nodeId, target));
  return leaseMs * rankIn(order, nodeId, '');
}

function rankIn(order: readonly string[], nodeId: string, without: string): number {
  return order.filter((other) => other !== without).indexOf(nodeId);
}
