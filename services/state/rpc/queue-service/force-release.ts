import { create } from '@bufbuild/protobuf';
import {
  type ForceReleaseRequest,
  type ForceReleaseResponse,
  ForceReleaseResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import { taskPath } from '#libs/engine/model/client-path.ts';
import type { Lease } from '#libs/engine/model/lease.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { changeClientRun } from '../client-runs/change-client-run.ts';
import type { StateContext } from '../context.ts';
import { audited } from '../queues/audited.ts';
import { itemError, itemNotFound } from '../queues/change-item.ts';
import { type ItemPlace, itemPlaceOf } from '../queues/item-key.ts';
import { runRefOf } from '../queues/work-item.ts';
import { clientLeaseToProto } from '../wire/client-node.ts';
import { invalidField } from '../wire/invalid-field.ts';

type Work = ForceReleaseRequest['work'];

/** The run of the lease that a request is to end, by which it is forwarded. */
export function byReleased({ runId, work }: ForceReleaseRequest, { tenantId }: CallContext): RunKey {
  return placeOf(tenantId, runId, work).key;
}

/** QueueService.ForceRelease: ends a lease, whoever has it and whatever its expiry. */
export function createForceRelease(context: StateContext): UnaryHandler<ForceReleaseRequest, ForceReleaseResponse> {
  return async (request, call) => {
    const { tenantId, principal } = call;
    const { runId, work, fence, countAttempt: countsAttempt, reason, requestId } = request;
    if (work.case === 'taskId' && runId === '') throw invalidField('run_id', 'must name the run of a task');
    const place = placeOf(tenantId, runId, work);
    const name = { runId, itemId: work.value ?? '' };
    // The answer is the lease as it was: what is left of it is nothing.
    let ended: Lease | undefined;
    try {
      const answer = await changeClientRun(context, {
        key: place.key,
        rpc: 'ForceRelease',
        incarnation: '',
        requestId,
        words: [work.case, work.value, fence, countsAttempt, reason],
        intent: 'forceRelease',
        command: (hot) => {
          if (work.case === 'itemId') assertKnown(hot, place, name);
          return {
            kind: 'forceRelease',
            nodePath: place.nodePath,
            fence,
            countsAttempt,
            requestedBy: principal.tokenId,
            reason,
          };
        },
        reply: 'lease',
        response: ForceReleaseResponseSchema,
        answer: ({ lease }, { hot }) => {
          ended = lease;
          return create(ForceReleaseResponseSchema, {
            lease: clientLeaseToProto(lease, runRefOf(hot), place.nodePath),
          });
        },
        refuse: (rejection) => itemError(rejection, name),
      });
      if (ended !== undefined) await audit(context, call, request, ended);
      return answer;
    } catch (error) {
      if (place.isFree && error instanceof DomainError && error.reason === 'RUN_NOT_FOUND') throw itemNotFound(name);
      throw error;
    }
  };
}

function placeOf(tenantId: string, runId: string, work: Work): ItemPlace {
  if (work.case === 'taskId') return { key: { tenantId, runId }, nodePath: taskPath(work.value), isFree: false };
  return itemPlaceOf(tenantId, { runId, itemId: work.value ?? '' });
}

function assertKnown(
  { run }: HotRun,
  { nodePath }: ItemPlace,
  name: { readonly runId: string; readonly itemId: string },
): void {
  if (run.client !== undefined && !run.client.items.has(nodePath)) throw itemNotFound(name);
}

async function audit(
  context: StateContext,
  call: CallContext,
  { runId, work, reason, requestId }: ForceReleaseRequest,
  { workerId, fence }: Lease,
): Promise<void> {
  await audited(context, call, {
    rpc: 'ForceRelease',
    targetKind: work.case === 'taskId' ? 'task' : 'work_item',
    targetId: work.value ?? '',
    details: { run_id: runId, worker_id: workerId, fence: String(fence), reason },
    requestId,
  });
}
