import { create } from '@bufbuild/protobuf';
import {
  type MoveToDeadLetterRequest,
  type MoveToDeadLetterResponse,
  MoveToDeadLetterResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { Role } from '#libs/auth/roles.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { readDeadLetter } from '../dead-letters/dead-letter-message.ts';
import { maybeFindDeadLetter } from '../dead-letters/find-dead-letter.ts';
import { audited } from '../queues/audited.ts';
import { changeItem } from '../queues/change-item.ts';
import { byItem } from '../queues/item-key.ts';
import { untilShown } from '../queues/until-shown.ts';
import { failureFromProto } from '../wire/failure.ts';
import { invalidField } from '../wire/invalid-field.ts';

/** Who may take an item from whoever has it. */
const OPERATORS: ReadonlySet<Role> = new Set<Role>(['operator', 'admin', 'root']);

/** QueueService.MoveToDeadLetter: nobody tries an item any more. */
export function createMoveToDeadLetter(
  context: StateContext,
): UnaryHandler<MoveToDeadLetterRequest, MoveToDeadLetterResponse> {
  return async (request, call) => {
    const { tenantId, principal, signal } = call;
    const { fence, requestId, itemId, runId } = request;
    if (request.failure === undefined) throw invalidField('failure', 'must be there');
    const failure = failureFromProto(request.failure, 'failure');
    const moved = await changeItem(context, {
      tenantId,
      name: request,
      rpc: 'MoveToDeadLetter',
      requestId,
      words: [fence, failure],
      intent: 'moveToDeadLetter',
      command: ({ nodePath }) => ({
        kind: 'moveToDeadLetter',
        nodePath,
        fence,
        isOperator: OPERATORS.has(principal.role),
        failure,
        requestedBy: principal.tokenId,
      }),
      reply: 'settledItem',
      response: MoveToDeadLetterResponseSchema,
      answer: ({ deadLetterId }) => create(MoveToDeadLetterResponseSchema, { deadLetter: { deadLetterId } }),
    });
    const deadLetterId = moved.deadLetter?.deadLetterId ?? '';
    await audited(context, call, {
      rpc: 'MoveToDeadLetter',
      targetKind: 'work_item',
      targetId: itemId,
      details: { dead_letter_id: deadLetterId, run_id: runId, failure_type: failure.type },
      requestId,
    });
    await untilShown(context, byItem(request, call), signal);
    const place = await maybeFindDeadLetter(context, tenantId, deadLetterId);
    // A repeat may come after somebody put it back: it is answered with what it was.
    if (place === undefined) return moved;
    return create(MoveToDeadLetterResponseSchema, { deadLetter: await readDeadLetter(context, place) });
  };
}
