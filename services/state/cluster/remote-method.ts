import type { DescMethod, Message } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { DomainError } from '#libs/errors/domain-error.ts';
import { maybeHeader } from '#libs/rpc/call/call-header.ts';
import { HOPS_HEADER } from '#libs/rpc/call/hops-header.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { type CompleteClientOptions, completeClientOptions } from '#libs/rpc/client/call-options.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import { channelWithHeaders } from '#libs/rpc/client/channel-with-headers.ts';
import { type MethodPlan, plansOf } from '#libs/rpc/client/method-plan.ts';
import type { Forwarding } from './forwarding.ts';
import type { PeerOwner } from './route-call.ts';

/** Calls are made again by whoever routes them, who also knows where to. */
export const NO_REPEATS: CompleteClientOptions = completeClientOptions({ retry: { maxAttempts: 1 } });

/**
 * What a client knows of a method.
 *
 * @throws INTERNAL for a method that its service does not have.
 */
export function planOfMethod(method: DescMethod): MethodPlan {
  const plan = plansOf(method.parent).find((one) => one.method === method);
  if (plan === undefined) throw new DomainError('INTERNAL', `${method.parent.typeName} has no ${method.name}`);
  return plan;
}

/** Whether a call may be made again although nobody knows what became of it. */
export function isRepeatable({ method, requestIdField }: MethodPlan, request: Message): boolean {
  const { idempotency } = method;
  const isSafe = idempotency === IdempotencyLevel.NO_SIDE_EFFECTS || idempotency === IdempotencyLevel.IDEMPOTENT;
  return isSafe || (requestIdField !== undefined && fieldsOf(request)[requestIdField.localName] !== '');
}

/** Gives a request an id where it has none, so that each time it is passed on it is the same request. [journal.md 21] */
export function fillRequestId({ requestIdField }: MethodPlan, request: Message, newId: () => string): void {
  if (requestIdField === undefined) return;
  const fields = fieldsOf(request);
  if (fields[requestIdField.localName] === '') fields[requestIdField.localName] = newId();
}

/** The way to an owner for one call: it speaks with its caller's words, not with this node's. */
export function channelFor({ peers }: Forwarding, owner: PeerOwner, context: CallContext): RpcChannel {
  return channelWithHeaders(peers.channelTo(owner.address), {
    authorization: maybeHeader(context, 'authorization'),
    [HOPS_HEADER]: String(context.hops + 1),
  });
}

function fieldsOf(request: Message): Record<string, unknown> {
  return request as unknown as Record<string, unknown>;
}
