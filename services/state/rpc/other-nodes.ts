import { maybeHeader } from '#libs/rpc/call/call-header.ts';
import { HOPS_HEADER } from '#libs/rpc/call/hops-header.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import { channelWithHeaders } from '#libs/rpc/client/channel-with-headers.ts';
import type { Cluster } from './cluster.ts';

/**
 * The ways to all the other nodes for a call that each of them answers for what it has: none where the call comes from
 * another node, which asks them all itself. They speak with the caller's words.
 */
export function channelsToOthers(cluster: Cluster, call: CallContext): readonly RpcChannel[] {
  if (call.hops > 0) return [];
  return cluster.others().map(({ address }) =>
    channelWithHeaders(cluster.channelTo(address), {
      authorization: maybeHeader(call, 'authorization'),
      [HOPS_HEADER]: String(call.hops + 1),
    }),
  );
}
