import { hostname } from 'node:os';
import { maybeHostPort } from '#libs/config/address-types.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import { createOwnership } from '#libs/partition/ownership/create-ownership.ts';
import type { Ownership, PartitionHost } from '#libs/partition/ownership/ownership.ts';
import { standingMembers } from '#libs/partition/ownership/standing-members.ts';
import { createSystemClock } from '#libs/partition/timers/system-clock.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import { VERSION } from '#libs/service/version.ts';
import { STORE_FORMAT } from '#libs/store/opening/meta-row.ts';
import type { StateStore } from '#libs/store/store.ts';
import type { Cluster } from '../rpc/cluster.ts';
import type { Forwarding } from './forwarding.ts';
import { createPeers, type Peers } from './peers.ts';

/** What a node joins the others with. */
export interface JoinOptions {
  readonly store: StateStore;
  readonly node: PartitionHost;
  /** Where its doors are, now that they are open. */
  readonly addresses: RpcAddresses;
  /** Where others reach its gRPC door. Absent: where it listens. */
  readonly advertise: string | undefined;
  /** The token that this node speaks for itself with. Absent: there are no tokens. */
  readonly token: string | undefined;
  /** Whether the store proves that nobody else has it open. */
  readonly isExclusive: boolean;
  readonly nodeId: string;
  readonly startTimeMs: number;
  readonly log: Logger;
}

/** The cluster as this process sees it: nobody knows anything until it has joined. */
export interface JoinedCluster {
  readonly cluster: Cluster;
  readonly forwarding: Forwarding;
  /** Undefined until it has joined. */
  readonly ownership: Ownership | undefined;
  readonly peers: Peers | undefined;
  /** Makes what joins; `ownership.start` begins it. */
  join(options: JoinOptions): { readonly ownership: Ownership; readonly peers: Peers };
}

/** Makes the view of a cluster of so many partitions, before anything of it is known. */
export function createJoinedCluster(partitionCount: number, newId: () => string): JoinedCluster {
  let ownership: Ownership | undefined;
  let peers: Peers | undefined;
  let ownAddress = '';

  const known = (): { readonly ownership: Ownership; readonly peers: Peers } => {
    if (ownership === undefined || peers === undefined) {
      throw new DomainError('UNAVAILABLE', 'this node is starting', { retryAfterMs: 250 });
    }
    return { ownership, peers };
  };

  return {
    cluster: {
      partitionCount,
      ownerOf: (partition) => ownership?.ownerOf(partition) ?? { kind: 'nobody' },
      members: () => known().ownership.members(),
      others: () => (ownership === undefined ? [] : standingMembers(ownership.members().members, ownAddress)),
      channelTo: (address) => known().peers.channelTo(address),
      onChange: (listener) => known().ownership.onChange(listener),
    },
    forwarding: {
      get ownership() {
        return known().ownership;
      },
      get peers() {
        return known().peers;
      },
      newId,
    },
    get ownership() {
      return ownership;
    },
    get peers() {
      return peers;
    },
    join: ({ store, node, addresses, advertise, token, isExclusive, nodeId, startTimeMs, log }) => {
      ownAddress = advertise ?? reachable(addresses.grpc);
      ownership = createOwnership({
        node,
        tables: store.tables,
        clock: createSystemClock(),
        nodeId,
        self: {
          address: ownAddress,
          httpAddress: reachable(addresses.http),
          version: VERSION,
          newestFormat: STORE_FORMAT,
          startTime: startTimeMs,
        },
        partitionCount: store.meta.partitions,
        format: store.meta.format,
        isExclusive,
        log,
      });
      peers = createPeers({ ownership, nodeId, log, ...(token === undefined ? {} : { channel: { token } }) });
      return { ownership, peers };
    },
  };
}

/** An address that another machine can use: the name of this one in place of "every address". */
function reachable(address: string): string {
  const parts = maybeHostPort(address);
  return parts !== undefined && (parts.host === '0.0.0.0' || parts.host === '::')
    ? `${hostname()}:${parts.port}`
    : address;
}
