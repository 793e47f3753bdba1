import type { MembersView, MemberView, Owner } from '#libs/partition/ownership/ownership.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';

/** The other nodes, as calls and streams see them. */
export interface Cluster {
  readonly partitionCount: number;
  /** Who serves a partition. */
  ownerOf(partition: number): Owner;
  /** The nodes, as this one sees them. */
  members(): MembersView;
  /** The other nodes that are up. */
  others(): readonly MemberView[];
  /** The way to another node. */
  channelTo(address: string): RpcChannel;
  /** Hears when owners or nodes change. Answers how to stop. */
  onChange(listener: () => void): () => void;
}
