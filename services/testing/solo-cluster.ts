import type { Cluster } from '#services/state/rpc/cluster.ts';

/** A node that is alone and serves everything. */
export function soloCluster(partitionCount: number): Cluster {
  return {
    partitionCount,
    ownerOf: () => ({ kind: 'self' }),
    members: () => ({ revision: 1, partitionCount, members: [] }),
    others: () => [],
    channelTo: (address) => {
      throw new RangeError(`there is no node at ${address}`);
    },
    onChange: () => () => undefined,
  };
}
