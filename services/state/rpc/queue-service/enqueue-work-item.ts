import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type EnqueueWorkItemRequest,
  type EnqueueWorkItemResponse,
  EnqueueWorkItemResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { EnqueueItem } from '#libs/engine/commands/claim-commands.ts';
import { MAX_ATTEMPTS } from '#libs/engine/model/client-state.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { isTerminal } from '#libs/engine/model/status.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { assertActive } from '../access/tenant-limits.ts';
import { newestOf } from '../client-runs/change-client-run.ts';
import type { StateContext } from '../context.ts';
import { needsSettling, settlePayload } from '../payloads/settle-payload.ts';
import { freshFreeRun } from '../queues/free-run.ts';
import { byItem, type ItemPlace, itemIdFromRequest, itemPlaceOf } from '../queues/item-key.ts';
import { maybeWorkItem, payloadOf } from '../queues/work-item.ts';
import { once } from '../runs/once.ts';
import { payloadFromProto, payloadToReadableProto } from '../wire/payload.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import { sortedTags } from '../wire/tags.ts';
import { dueTimeFromTimestamp } from '../wire/timestamp.ts';

const DEFAULT_QUEUE = 'default';
const DEFAULT_PRIORITY = 3;

/**
 * Names the run of an item that is enqueued, and fills in what the handler would make up, so that whoever serves the
 * request, and every repeat of it, is about the same item. [journal.md 21]
 */
export function keyOfEnqueue(
  context: Pick<StateContext, 'newId'>,
): (request: EnqueueWorkItemRequest, call: CallContext) => RunKey {
  return (request, call) => {
    nameItem(context, request, call.tenantId);
    return byItem(request, call);
  };
}

function nameItem({ newId }: Pick<StateContext, 'newId'>, request: EnqueueWorkItemRequest, tenantId: string): void {
  if (request.itemId !== '') return;
  if (request.requestId === '') request.requestId = newId();
  request.itemId = itemIdFromRequest(tenantId, request.requestId);
}

/** QueueService.EnqueueWorkItem: makes a work item; one that is known is left as it is. */
export function createEnqueueWorkItem(
  context: StateContext,
): UnaryHandler<EnqueueWorkItemRequest, EnqueueWorkItemResponse> {
  async function withPayload(place: ItemPlace, response: EnqueueWorkItemResponse): Promise<EnqueueWorkItemResponse> {
    const { item } = response;
    const seen = await ask(context.node.partitionOf(place.key), place.key, {
      intent: 'read',
      act: ({ hot }) => (hot === undefined ? undefined : maybeWorkItem(hot, place.nodePath)),
    });
    if (item === undefined || seen === undefined) return response;
    const payload = payloadToReadableProto(await payloadOf(context.store.tables, seen));
    return { ...response, item: { ...item, payload } };
  }

  return async (request, call) => {
    nameItem(context, request, call.tenantId);
    assertActive(context, call.tenantId);
    const { requestId, incarnation, payload: sent } = request;
    const place = itemPlaceOf(call.tenantId, request);
    const { key, nodePath, isFree } = place;
    // A large payload is put where the item will be before anybody knows whether it is new.
    const fresh = context.newIncarnation(context.nowMs());
    const payload = await settled(context, call, place, request, fresh);
    const command = commandOf(request, payload);
    const response = await once<EnqueueWorkItemResponse>(context, {
      key,
      rpc: 'EnqueueWorkItem',
      requestId,
      words: [incarnation, command],
      intent: 'enqueueItem',
      act: (visit) => {
        const hot = isFree
          ? freeRunOf(visit, nodePath, fresh, call.principal.tokenId)
          : newestOf(visit, key, incarnation);
        const result = visit.perform(command);
        if (result.kind === 'rejected') throw errorFromRejection(result.rejection, key);
        const created = result.reply.kind === 'enqueued' && result.reply.isNew;
        const item = maybeWorkItem(hot, nodePath)?.message;
        return create(EnqueueWorkItemResponseSchema, { created, ...(item === undefined ? {} : { item }) });
      },
      encode: (answer) => toBinary(EnqueueWorkItemResponseSchema, answer),
      decode: (bytes) => fromBinary(EnqueueWorkItemResponseSchema, bytes),
    });
    return sent === undefined && response.created ? response : await withPayload(place, response);
  };
}

/** The hidden run of a free item: the one that is there, or a fresh one when it has ended and knows no such item. */
function freeRunOf(visit: RunVisit, nodePath: string, incarnation: string, requestedBy: string): HotRun {
  const { hot } = visit;
  const isKnown = hot !== undefined && (!isTerminal(hot.run.status) || hot.run.client?.items.has(nodePath) === true);
  if (hot !== undefined && isKnown) return hot;
  visit.start(freshFreeRun(incarnation, requestedBy));
  return visit.hot as HotRun;
}

async function settled(
  context: StateContext,
  { signal }: CallContext,
  { key, isFree }: ItemPlace,
  { payload, incarnation }: EnqueueWorkItemRequest,
  fresh: string,
): Promise<Payload | undefined> {
  if (payload === undefined || !needsSettling(payload)) return payloadFromProto(payload, 'payload');
  const current = await ask(context.node.partitionOf(key), key, {
    intent: 'read',
    act: ({ hot }) =>
      hot === undefined || (isFree && isTerminal(hot.run.status)) ? undefined : hot.identity.incarnation,
  });
  const owner = incarnation || current || (isFree ? fresh : '');
  if (owner === '') throw runNotFound(key);
  return await settlePayload(context, { ...key, incarnation: owner }, payload, signal);
}

function commandOf(request: EnqueueWorkItemRequest, payload: Payload | undefined): EnqueueItem {
  const { itemId, nodeId, queue, maxAttempts, priority, tags, notBeforeTime } = request;
  return {
    kind: 'enqueueItem',
    itemId,
    nodeId,
    queue: queue === '' ? DEFAULT_QUEUE : queue,
    payload,
    maxAttempts: maxAttempts ?? MAX_ATTEMPTS,
    priority: priority ?? DEFAULT_PRIORITY,
    tags: sortedTags(tags),
    notBeforeTime: notBeforeTime === undefined ? undefined : dueTimeFromTimestamp(notBeforeTime, 'not_before_time'),
  };
}
