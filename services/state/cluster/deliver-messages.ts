import { ClusterService } from '#gen/millrace/state/v1/cluster_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { OutboxMessage } from '#libs/partition/state/partition-state.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import type { Cluster } from '../rpc/cluster.ts';

/** How long another node has to take messages in; what it has not said to have is sent again. */
const DEADLINE_MS = 10_000;

/**
 * Brings messages of a partition to the node that owns another one. Answers the number of the last one.
 *
 * @throws UNAVAILABLE while nobody, or nobody else, owns it.
 */
export async function deliverMessages(
  cluster: Cluster,
  source: number,
  target: number,
  messages: readonly OutboxMessage[],
): Promise<number> {
  const owner = cluster.ownerOf(target);
  if (owner.kind !== 'peer') {
    throw new DomainError('UNAVAILABLE', `partition ${target} is on its way`, { retryAfterMs: 250 });
  }
  const client = createClient(ClusterService, cluster.channelTo(owner.address), {
    deadlineMs: DEADLINE_MS,
    retry: { maxAttempts: 1 },
  });
  const { appliedNumber } = await client.deliverMessages({
    sourcePartition: source,
    targetPartition: target,
    messages: messages.map(({ number, body }) => ({ number: BigInt(number), body })),
  });
  return Number(appliedNumber);
}
