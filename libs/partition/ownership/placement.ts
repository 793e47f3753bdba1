import { hash } from 'node:crypto';

/** A node that may own partitions. */
export interface Candidate {
  readonly nodeId: string;
  /** The newest format that it reads. */
  readonly newestFormat: number;
}

interface Pair {
  readonly partition: number;
  readonly nodeId: string;
  readonly score: number;
}

/**
 * Who is to own each partition, and who comes next when that node does not: the nodes by their rendezvous hash with the
 * partition, after the one it is placed on. That is the first of them that has not its even share yet, so that no node
 * is idle or does twice the work of another: of 16 partitions and as many nodes plain rendezvous hashing leaves every
 * third node without any. Nodes that see the same candidates come to the same answer.
 *
 * `formats` has the format of each partition; a node that does not read it is not in the partition's order. An order may
 * be empty.
 */
export function placePartitions(
  formats: readonly number[],
  candidates: readonly Candidate[],
): readonly (readonly string[])[] {
  const pairs: Pair[] = [];
  for (const [partition, format] of formats.entries()) {
    for (const { nodeId, newestFormat } of candidates) {
      if (newestFormat >= format) pairs.push({ partition, nodeId, score: scoreOf(partition, nodeId) });
    }
  }
  pairs.sort(byScore);
  const share = Math.ceil(formats.length / Math.max(1, candidates.length));
  const targets = new Map<number, string>();
  const counts = new Map<string, number>();
  for (const { partition, nodeId } of pairs) {
    const count = counts.get(nodeId) ?? 0;
    if (targets.has(partition) || count >= share) continue;
    targets.set(partition, nodeId);
    counts.set(nodeId, count + 1);
  }
  const orders = formats.map((_, partition): string[] => {
    const target = targets.get(partition);
    return target === undefined ? [] : [target];
  });
  for (const { partition, nodeId } of pairs) {
    if (targets.get(partition) !== nodeId) orders[partition]?.push(nodeId);
  }
  return orders;
}

function byScore(a: Pair, b: Pair): number {
  return b.score - a.score || a.partition - b.partition || (a.nodeId < b.nodeId ? -1 : 1);
}

/** Six bytes of a hash: as many as a number holds. */
function scoreOf(partition: number, nodeId: string): number {
  return Number.parseInt(hash('sha1', `${partition}:${nodeId}`, 'hex').slice(0, 12), 16);
}
