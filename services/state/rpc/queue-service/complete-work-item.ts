import { create } from '@bufbuild/protobuf';
import {
  type CompleteWorkItemRequest,
  type CompleteWorkItemResponse,
  CompleteWorkItemResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { changeItem, holderOf } from '../queues/change-item.ts';
import { itemPayload } from '../queues/item-payload.ts';
import { maybeWorkItem } from '../queues/work-item.ts';

/** QueueService.CompleteWorkItem: an item is done. A free one is over with that. */
export function createCompleteWorkItem(
  context: StateContext,
): UnaryHandler<CompleteWorkItemRequest, CompleteWorkItemResponse> {
  return async (request, call) => {
    const { tenantId } = call;
    const { workerId, fence, requestId } = request;
    const output = await itemPayload(context, call, request, request.output, 'output');
    return await changeItem(context, {
      tenantId,
      name: request,
      rpc: 'CompleteWorkItem',
      requestId,
      words: [workerId, fence, output],
      intent: 'completeWorkItem',
      command: (place) => ({
        kind: 'completeWorkItem',
        ...holderOf(place, request),
        output,
        endsRun: place.isFree,
      }),
      reply: 'settledItem',
      response: CompleteWorkItemResponseSchema,
      answer: (_reply, { hot }, { nodePath }) => {
        const item = maybeWorkItem(hot, nodePath)?.message;
        return create(CompleteWorkItemResponseSchema, item === undefined ? {} : { item });
      },
    });
  };
}
