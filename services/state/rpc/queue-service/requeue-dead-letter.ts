import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type RequeueDeadLetterRequest,
  RequeueDeadLetterRequestSchema,
  type RequeueDeadLetterResponse,
  RequeueDeadLetterResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { requestScope } from '#libs/partition/state/partition-state.ts';
import type { KeptRequest } from '#libs/partition/state/request-row.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { RequestIdKey } from '#libs/store/tables/request-ids.ts';
import { assertActive } from '../access/tenant-limits.ts';
import type { StateContext } from '../context.ts';
import { type DeadLetterPlace, deadLetterNotFound, maybeFindDeadLetter } from '../dead-letters/find-dead-letter.ts';
import { audited } from '../queues/audited.ts';
import { maybeKept } from '../queues/once-in-tenant.ts';
import { untilShown } from '../queues/until-shown.ts';
import { maybeWorkItem } from '../queues/work-item.ts';
import { assertSameRequest, REQUEST_ID_MS } from '../runs/request-ids.ts';
import { requestDigest } from '../unary-work/request-digest.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import { dueTimeFromTimestamp } from '../wire/timestamp.ts';

const RPC = 'RequeueDeadLetter';

/**
 * QueueService.RequeueDeadLetter: puts a dead letter's item back, with no attempts counted. Once it is back nothing leads
 * from the dead letter to its run any more, so that the first answer is kept under the letter's id, in the commit that
 * puts it back.
 */
export function createRequeueDeadLetter(
  context: StateContext,
): UnaryHandler<RequeueDeadLetterRequest, RequeueDeadLetterResponse> {
  async function maybeKeptHere(name: RequestIdKey): Promise<KeptRequest | undefined> {
    for (const { state } of context.node.served()) {
      const known = state.requests.get(requestScope(name));
      if (known !== undefined) return known;
    }
    return await maybeKept(context, { requests: new Map() }, name);
  }

  async function requeue(
    request: RequeueDeadLetterRequest,
    call: CallContext,
    place: DeadLetterPlace,
    name: RequestIdKey,
  ): Promise<RequeueDeadLetterResponse> {
    const { key, nodePath } = place;
    const argumentsHash = requestDigest(RequeueDeadLetterRequestSchema, request);
    const partition = context.node.partitionOf(key);
    return await ask(partition, key, {
      intent: 'requeueDeadLetter',
      act: (visit) => {
        const known = name.requestId === '' ? undefined : partition.state.requests.get(requestScope(name));
        if (known !== undefined) {
          assertSameRequest(known.argumentsHash, argumentsHash, name.requestId);
          return fromBinary(RequeueDeadLetterResponseSchema, known.reply);
        }
        decideRequeue(visit, request, call, place);
        const item = visit.hot === undefined ? undefined : maybeWorkItem(visit.hot, nodePath)?.message;
        const answer = create(RequeueDeadLetterResponseSchema, item === undefined ? {} : { item });
        if (name.requestId !== '') {
          const reply = toBinary(RequeueDeadLetterResponseSchema, answer);
          const expireTime = visit.now + REQUEST_ID_MS;
          visit.record({ kind: 'requestAnswered', ...name, argumentsHash, reply, expireTime });
        }
        return answer;
      },
    });
  }

  return async (request, call) => {
    const { deadLetterId, requestId } = request;
    const { tenantId, signal } = call;
    const name = { tenantId, runId: deadLetterId, rpc: RPC, requestId };
    const known = requestId === '' ? undefined : await maybeKeptHere(name);
    if (known !== undefined) {
      assertSameRequest(known.argumentsHash, requestDigest(RequeueDeadLetterRequestSchema, request), requestId);
      return fromBinary(RequeueDeadLetterResponseSchema, known.reply);
    }
    assertActive(context, tenantId);
    const place = await maybeFindDeadLetter(context, tenantId, deadLetterId);
    if (place === undefined) throw deadLetterNotFound(deadLetterId);
    const answer = await requeue(request, call, place, name);
    const { row } = place;
    await audited(context, call, {
      rpc: RPC,
      targetKind: 'dead_letter',
      targetId: deadLetterId,
      details: { item_id: row.itemId, run_id: row.runId, queue: row.queue },
      requestId,
    });
    // A repeat may come to any node: it finds the answer in the tables.
    await untilShown(context, place.key, signal);
    return answer;
  };
}

function decideRequeue(
  visit: RunVisit,
  { notBeforeTime, deadLetterId }: RequeueDeadLetterRequest,
  { principal }: CallContext,
  { key, incarnation, row }: DeadLetterPlace,
): void {
  const { hot } = visit;
  if (hot === undefined) {
    throw new DomainError('RUN_NOT_FOUND', `run ${row.runId} does not exist`, { metadata: { run_id: row.runId } });
  }
  if (hot.identity.incarnation !== incarnation) {
    throw new DomainError('RUN_TERMINAL', `run ${row.runId} has another incarnation by now`, {
      metadata: { run_id: row.runId, incarnation },
    });
  }
  const result = visit.perform({
    kind: 'requeueDeadLetter',
    deadLetterId,
    notBeforeTime: notBeforeTime === undefined ? undefined : dueTimeFromTimestamp(notBeforeTime, 'not_before_time'),
    requestedBy: principal.tokenId,
  });
  if (result.kind !== 'rejected') return;
  const { rejection } = result;
  throw rejection.reason === 'DEAD_LETTER_NOT_FOUND'
    ? deadLetterNotFound(deadLetterId)
    : errorFromRejection(rejection, { runId: row.runId || key.runId });
}
