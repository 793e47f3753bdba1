import { maybeHeader } from '#libs/rpc/call/call-header.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import { channelWithHeaders } from '#libs/rpc/client/channel-with-headers.ts';
import type { Cluster } from './cluster.ts';

/** The way to another node for a stream that this one relays: it speaks with its caller's token, not with this node's. */
export function callerChannel(cluster: Pick<Cluster, 'channelTo'>, address: string, call: CallContext): RpcChannel {
  return channelWithHeaders(cluster.channelTo(address), { authorization: maybeHeader(call, 'authorization') });
}
