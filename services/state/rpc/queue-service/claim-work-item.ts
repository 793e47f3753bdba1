import { create } from '@bufbuild/protobuf';
import {
  type ClaimWorkItemRequest,
  ClaimWorkItemRequestSchema,
  type ClaimWorkItemResponse,
  ClaimWorkItemResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { maybePart } from '../part-of-call.ts';
import { maybeClaimAnywhere } from '../queues/claim-anywhere.ts';
import { type ClaimedItem, maybeClaimHere } from '../queues/claim-here.ts';
import { byRequestId, createOnceInTenant } from '../queues/once-in-tenant.ts';
import { createPartEnds } from '../queues/part-ends.ts';
import { createPollSessions } from '../unary-work/poll-sessions.ts';
import { requestDigest } from '../unary-work/request-digest.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';

/** What of the caller's time is left for the answer. */
const MARGIN_MS = 250;

/** Names the partition that keeps the answer to a claim; a part of a claim stays where it comes to. */
export function keyOfClaim(request: ClaimWorkItemRequest, call: CallContext): RunKey | undefined {
  return maybePart(call) === undefined ? byRequestId(request, call) : undefined;
}

/**
 * QueueService.ClaimWorkItem: takes the best item, or waits for one. A claim is woken by the item that comes. With a
 * request id a repeat gets the same item and lease.
 */
export function createClaimWorkItem(context: StateContext): UnaryHandler<ClaimWorkItemRequest, ClaimWorkItemResponse> {
  const sessions = createPollSessions(context, 1);
  const once = createOnceInTenant(context);
  const ends = createPartEnds();

  return async (request, call) => {
    const { tenantId, signal, goAway, remainingMs = Infinity } = call;
    const waitMs = Math.max(0, Math.min(maybeMsFromDuration(request.wait) ?? 0, remainingMs - MARGIN_MS));
    const part = maybePart(call);
    if (part?.kind === 'end') {
      ends.end(part.id);
      return answerOf(undefined);
    }
    if (part !== undefined) {
      using isOver = ends.begin(part.id);
      const stop = AbortSignal.any([goAway, isOver.signal]);
      return answerOf(await maybeClaimHere(context, sessions, request, { tenantId, waitMs, signal, goAway: stop }));
    }
    let claimed: ClaimedItem | undefined;
    return await once(call, {
      rpc: 'ClaimWorkItem',
      requestId: request.requestId,
      argumentsHash: requestDigest(ClaimWorkItemRequestSchema, request),
      response: ClaimWorkItemResponseSchema,
      act: async () => {
        claimed = await maybeClaimAnywhere(context, sessions, request, call, waitMs);
        return answerOf(claimed);
      },
      isKept: ({ item }) => item !== undefined,
      undo: () => claimed?.giveBack(),
    });
  };
}

function answerOf(claimed: ClaimedItem | undefined): ClaimWorkItemResponse {
  return create(ClaimWorkItemResponseSchema, claimed === undefined ? {} : { item: claimed.item });
}
