import { create } from '@bufbuild/protobuf';
import {
  type DeliverMessagesRequest,
  type DeliverMessagesResponse,
  DeliverMessagesResponseSchema,
} from '#gen/millrace/state/v1/cluster_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';

/** ClusterService.DeliverMessages: takes messages of a partition that another node owns into one of this node. */
export function createDeliverMessages(
  context: StateContext,
): UnaryHandler<DeliverMessagesRequest, DeliverMessagesResponse> {
  return async ({ sourcePartition, targetPartition, messages }) => {
    const incoming = messages.map(({ number, body }) => ({ number: Number(number), body }));
    const applied = await context.node.receive(targetPartition, sourcePartition, incoming);
    return create(DeliverMessagesResponseSchema, { appliedNumber: BigInt(applied) });
  };
}
