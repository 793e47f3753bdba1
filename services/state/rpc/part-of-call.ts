import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { maybeHeader } from '#libs/rpc/call/call-header.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { channelWithHeaders } from '#libs/rpc/client/channel-with-headers.ts';
import { createClient, type RpcClient } from '#libs/rpc/client/client.ts';
import type { StateContext } from './context.ts';

/**
 * Says that a call is a part of one that another node has taken, and so is about what this node serves and nothing else:
 * `take <id>`; or that the part of that id need not wait any more: `end <id>`.
 */
const PART_HEADER = 'x-millrace-part';

/** What a header says of a call. */
export interface CallPart {
  readonly kind: 'take' | 'end';
  readonly id: string;
}

/** The part that a call is. Undefined: it is a whole one. */
export function maybePart(call: CallContext): CallPart | undefined {
  const [kind, id = ''] = (maybeHeader(call, PART_HEADER) ?? '').split(' ');
  return kind === 'take' || kind === 'end' ? { kind, id } : undefined;
}

/** The way to the part of a call that another node has: it speaks with its caller's words. Without a part: a whole call. */
export function partClient(
  { cluster }: Pick<StateContext, 'cluster'>,
  address: string,
  call: CallContext,
  part: CallPart | undefined,
): RpcClient<typeof QueueService> {
  const channel = channelWithHeaders(cluster.channelTo(address), {
    authorization: maybeHeader(call, 'authorization'),
    [PART_HEADER]: part === undefined ? undefined : `${part.kind} ${part.id}`,
  });
  return createClient(QueueService, channel, { retry: { maxAttempts: 1 } });
}
