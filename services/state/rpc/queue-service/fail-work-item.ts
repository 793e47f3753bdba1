import { create } from '@bufbuild/protobuf';
import {
  type FailWorkItemRequest,
  type FailWorkItemResponse,
  FailWorkItemResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { FailWorkItem } from '#libs/engine/commands/claim-commands.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { changeItem, holderOf } from '../queues/change-item.ts';
import { byItem } from '../queues/item-key.ts';
import { untilShown } from '../queues/until-shown.ts';
import { maybeWorkItem } from '../queues/work-item.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';
import { failureFromProto, failureToProto } from '../wire/failure.ts';
import { invalidField } from '../wire/invalid-field.ts';

/** QueueService.FailWorkItem: an attempt failed, or came too early. */
export function createFailWorkItem(context: StateContext): UnaryHandler<FailWorkItemRequest, FailWorkItemResponse> {
  return async (request, call) => {
    const { workerId, fence, requestId, rateLimited, countAttempt = !rateLimited } = request;
    const terms = termsOf(request, countAttempt);
    const answer = await changeItem(context, {
      tenantId: call.tenantId,
      name: request,
      rpc: 'FailWorkItem',
      requestId,
      words: [workerId, fence, terms, rateLimited],
      intent: 'failWorkItem',
      command: (place) => ({ kind: 'failWorkItem', ...holderOf(place, request), ...terms }),
      reply: 'settledItem',
      response: FailWorkItemResponseSchema,
      answer: ({ deadLetterId }, { hot }, { nodePath }) => {
        const item = maybeWorkItem(hot, nodePath)?.message;
        const lastFailure = terms.countsAttempt ? { lastFailure: failureToProto(terms.failure) } : {};
        return create(FailWorkItemResponseSchema, {
          deadLetterId,
          ...(item === undefined ? {} : { item: { ...item, ...lastFailure } }),
        });
      },
    });
    if (answer.deadLetterId !== '') await untilShown(context, byItem(request, call), call.signal);
    return answer;
  };
}

function termsOf(
  { failure, retryAfter, poison }: FailWorkItemRequest,
  countsAttempt: boolean,
): Pick<FailWorkItem, 'failure' | 'retryAfterMs' | 'countsAttempt' | 'isPoison'> {
  if (failure === undefined) throw invalidField('failure', 'must be there');
  return {
    failure: failureFromProto(failure, 'failure'),
    retryAfterMs: maybeMsFromDuration(retryAfter),
    countsAttempt: countsAttempt || poison,
    isPoison: poison,
  };
}
