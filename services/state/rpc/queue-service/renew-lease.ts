import { create } from '@bufbuild/protobuf';
import {
  type RenewLeaseRequest,
  type RenewLeaseResponse,
  RenewLeaseResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { changeItem, holderOf } from '../queues/change-item.ts';
import { runRefOf } from '../queues/work-item.ts';
import { DEFAULT_TTL_MS } from '../unary-work/extend-lease.ts';
import { clientLeaseToProto } from '../wire/client-node.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';

/** QueueService.RenewLease: holds an item from now on for so long. One that never expires stays as it is. */
export function createRenewLease(context: StateContext): UnaryHandler<RenewLeaseRequest, RenewLeaseResponse> {
  return async (request, { tenantId }) => {
    const { workerId, fence, requestId } = request;
    const ttlMs = maybeMsFromDuration(request.ttl) ?? DEFAULT_TTL_MS;
    return await changeItem(context, {
      tenantId,
      name: request,
      rpc: 'RenewLease',
      requestId,
      words: [workerId, fence, ttlMs],
      intent: 'extendClaim',
      command: (place) => ({ kind: 'extendClaim', ...holderOf(place, request), ttlMs }),
      reply: 'lease',
      response: RenewLeaseResponseSchema,
      answer: ({ lease }, { hot }, { nodePath }) =>
        create(RenewLeaseResponseSchema, { lease: clientLeaseToProto(lease, runRefOf(hot), nodePath) }),
    });
  };
}
