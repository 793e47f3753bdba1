import type { DescMethod, Message } from '@bufbuild/protobuf';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { serverStream } from '#libs/rpc/client/server-stream.ts';
import type { Outbound, ServerStreamHandler } from '#libs/rpc/handler.ts';
import { onceAborted } from '../rpc/streams.ts';
import type { Forwarding } from './forwarding.ts';
import { maybeGoAway } from './go-away-message.ts';
import { channelFor, fillRequestId, isRepeatable, NO_REPEATS, planOfMethod } from './remote-method.ts';
import { type PeerOwner, routeCall } from './route-call.ts';

/**
 * Has a stream of answers served by the owner of a partition, as `forwardUnary` does for one answer. Messages are passed
 * on as they come, pings included. Until the first one the call may be made again; after it a failure ends the stream with
 * UNAVAILABLE, and the caller comes back with where it has come to.
 */
export async function forwardStream(
  forwarding: Forwarding,
  method: DescMethod,
  partition: number,
  request: Message,
  context: CallContext,
  out: Outbound<Message>,
  local: ServerStreamHandler<Message, Message>,
): Promise<void> {
  const plan = planOfMethod(method);
  let hasBegun = false;
  const counted: Outbound<Message> = {
    send: (message) => {
      hasBegun = true;
      return out.send(message);
    },
  };

  async function relay(owner: PeerOwner, moved: AbortSignal): Promise<void> {
    fillRequestId(plan, request, forwarding.newId);
    const channel = channelFor(forwarding, owner, context);
    const leave = new AbortController();
    const calledOff = onceAborted(context.goAway, () => leave.abort());
    const signal = AbortSignal.any([moved, leave.signal]);
    try {
      for await (const answer of serverStream(channel, plan, NO_REPEATS, request, { parent: context, signal })) {
        await counted.send(answer);
      }
    } catch (error) {
      if (!leave.signal.aborted || context.signal.aborted) throw error;
      // The owner knows nothing of this node's end, so that this node says it.
      const message = maybeGoAway(method.output, 'the stream is to end');
      if (message !== undefined) await counted.send(message);
    } finally {
      calledOff();
    }
  }

  try {
    await routeCall(forwarding, {
      partition,
      context,
      canRepeat: () => isRepeatable(plan, request),
      hasBegun: () => hasBegun,
      local: () => local(request, context, counted),
      remote: relay,
    });
  } catch (error) {
    if (hasBegun && error instanceof DomainError && error.reason === 'NOT_OWNER') {
      throw new DomainError('UNAVAILABLE', 'the stream has to be opened anew', { cause: error, retryAfterMs: 0 });
    }
    throw error;
  }
}
