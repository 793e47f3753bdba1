import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { callUnary } from '#libs/rpc/client/unary-call.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { Forwarding } from './forwarding.ts';
import { channelFor, fillRequestId, isRepeatable, NO_REPEATS, planOfMethod } from './remote-method.ts';
import { routeCall } from './route-call.ts';

/**
 * Has a unary call served by the owner of a partition: here by `local`, or by the same RPC on the node that owns it, with
 * the caller's authorization, request id, trace and remaining time. Which errors are seen, and what is repeated, says
 * `routeCall`.
 */
export async function forwardUnary(
  forwarding: Forwarding,
  method: DescMethod,
  partition: number,
  request: Message,
  context: CallContext,
  local: UnaryHandler<Message, Message>,
): Promise<Message> {
  return await routeCall(forwarding, {
    partition,
    context,
    canRepeat: () => isRepeatable(planOfMethod(method), request),
    hasBegun: () => false,
    local: async () => await local(request, context),
    remote: (owner, moved) => {
      const plan = planOfMethod(method);
      fillRequestId(plan, request, forwarding.newId);
      const channel = channelFor(forwarding, owner, context);
      return callUnary(channel, plan, NO_REPEATS, request, { parent: context, signal: moved });
    },
  });
}
