import { create } from '@bufbuild/protobuf';
import {
  type PurgeDeadLettersRequest,
  PurgeDeadLettersRequestSchema,
  type PurgeDeadLettersResponse,
  PurgeDeadLettersResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { type DeadLetterPlace, maybeFindDeadLetter, placeOfRow } from '../dead-letters/find-dead-letter.ts';
import { purgeHere } from '../dead-letters/purge-here.ts';
import { scanDeadLetters, selectionOf } from '../dead-letters/select-dead-letters.ts';
import { maybePart, partClient } from '../part-of-call.ts';
import { audited } from '../queues/audited.ts';
import { byRequestId, createOnceInTenant } from '../queues/once-in-tenant.ts';
import { requestDigest } from '../unary-work/request-digest.ts';

/** Dead letters that are removed in one go. */
const BATCH = 500;
/** What of the caller's time is left for the answer. */
const MARGIN_MS = 2_000;

/** Names the partition that keeps the answer; a part of the work of another node stays where it comes to. */
export function keyOfPurge(request: PurgeDeadLettersRequest, call: CallContext): RunKey | undefined {
  return maybePart(call) === undefined ? byRequestId(request, call) : undefined;
}

/**
 * QueueService.PurgeDeadLetters: removes dead letters, those that are named, or those of a filter, or all. It goes in
 * batches, each to the owners of its runs, as long as the caller waits; a repeat under another request id removes what is
 * left.
 */
export function createPurgeDeadLetters(
  context: StateContext,
): UnaryHandler<PurgeDeadLettersRequest, PurgeDeadLettersResponse> {
  const once = createOnceInTenant(context);

  async function purgeBatch(places: readonly DeadLetterPlace[], call: CallContext): Promise<number> {
    const byPartition = Map.groupBy(places, ({ key }) => context.node.partitionNumber(key));
    const counts = await Promise.all(
      Array.from(byPartition, async ([number, some]) => await purgePartition(number, some, call)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async function purgePartition(
    number: number,
    places: readonly DeadLetterPlace[],
    call: CallContext,
  ): Promise<number> {
    const { tenantId, principal, signal } = call;
    const owner = context.cluster.ownerOf(number);
    if (owner.kind !== 'peer' || maybePart(call) !== undefined) {
      return await purgeHere(context, number, places, { requestedBy: principal.tokenId, signal });
    }
    const deadLetterIds = places.map(({ deadLetterId }) => deadLetterId);
    const client = partClient(context, owner.address, call, { kind: 'take', id: 'purge' });
    const { purged } = await client.purgeDeadLetters({ tenantId, deadLetterIds }, { parent: call });
    return Number(purged);
  }

  async function* placesOf(request: PurgeDeadLettersRequest, call: CallContext): AsyncGenerator<DeadLetterPlace, void> {
    const { deadLetterIds, filter, all } = request;
    const { tenantId, signal } = call;
    if (deadLetterIds.length > 0) {
      for (const deadLetterId of new Set(deadLetterIds)) {
        const place = await maybeFindDeadLetter(context, tenantId, deadLetterId);
        if (place !== undefined) yield place;
      }
      return;
    }
    if (filter === undefined && !all) return;
    const scan = scanDeadLetters(context.store.tables, tenantId, selectionOf(filter), undefined, signal);
    for await (const { row, isMeant } of scan) if (isMeant) yield placeOfRow(row);
  }

  async function purge(request: PurgeDeadLettersRequest, call: CallContext): Promise<PurgeDeadLettersResponse> {
    const untilMs = performance.now() + (call.remainingMs ?? Infinity) - MARGIN_MS;
    let purged = 0;
    let batch: DeadLetterPlace[] = [];
    for await (const place of placesOf(request, call)) {
      batch.push(place);
      if (batch.length < BATCH) continue;
      purged += await purgeBatch(batch, call);
      batch = [];
      if (performance.now() > untilMs) return answerOf(purged);
    }
    return answerOf(purged + (await purgeBatch(batch, call)));
  }

  return async (request, call) => {
    if (maybePart(call) !== undefined) return await purge(request, call);
    const answer = await once(call, {
      rpc: 'PurgeDeadLetters',
      requestId: request.requestId,
      argumentsHash: requestDigest(PurgeDeadLettersRequestSchema, request),
      response: PurgeDeadLettersResponseSchema,
      act: async () => await purge(request, call),
      isKept: () => true,
    });
    const targetId = request.deadLetterIds.length === 1 ? (request.deadLetterIds[0] ?? '') : '';
    const details = { purged: String(answer.purged) };
    await audited(context, call, {
      rpc: 'PurgeDeadLetters',
      targetKind: 'dead_letter',
      targetId,
      details,
      requestId: request.requestId,
    });
    return answer;
  };
}

function answerOf(purged: number): PurgeDeadLettersResponse {
  return create(PurgeDeadLettersResponseSchema, { purged: BigInt(purged) });
}
