import { create } from '@bufbuild/protobuf';
import {
  type GetDeadLetterRequest,
  type GetDeadLetterResponse,
  GetDeadLetterResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { readDeadLetter } from '../dead-letters/dead-letter-message.ts';
import { deadLetterNotFound, maybeFindDeadLetter } from '../dead-letters/find-dead-letter.ts';

/** QueueService.GetDeadLetter: a dead letter with its payload, its attempts and their errors [66]. */
export function createGetDeadLetter(context: StateContext): UnaryHandler<GetDeadLetterRequest, GetDeadLetterResponse> {
  return async ({ deadLetterId }, { tenantId }) => {
    const place = await maybeFindDeadLetter(context, tenantId, deadLetterId);
    if (place === undefined) throw deadLetterNotFound(deadLetterId);
    try {
      return create(GetDeadLetterResponseSchema, { deadLetter: await readDeadLetter(context, place) });
    } catch (error) {
      // Its run was deleted, and its row goes soon.
      if (error instanceof DomainError && error.reason === 'RUN_NOT_FOUND') throw deadLetterNotFound(deadLetterId);
      throw error;
    }
  };
}
