import { create } from '@bufbuild/protobuf';
import {
  type DrainWorkerRequest,
  type DrainWorkerResponse,
  DrainWorkerResponseSchema,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { connectedWorkers } from '../reads/connected-workers.ts';
import { workerToProto } from '../reads/worker-message.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';

const DEFAULT_GRACE_MS = 25_000;

/**
 * DispatchService.DrainWorker: tells a worker that is connected to this node to take no new work and to end or hand back
 * what it has, or takes that back. From then on its sessions are given nothing, also
 * those that come later, until nobody of the worker is remembered any more.
 */
export function createDrainWorker(context: StateContext): UnaryHandler<DrainWorkerRequest, DrainWorkerResponse> {
  return ({ workerId, reason, grace, undo }, { tenantId }) => {
    const { dispatch } = context.node;
    const worker = connectedWorkers(dispatch, tenantId).find((connected) => connected.workerId === workerId);
    if (worker === undefined) {
      throw new DomainError('WORKER_NOT_FOUND', 'no such worker is connected', { metadata: { worker_id: workerId } });
    }
    const graceMs = maybeMsFromDuration(grace) ?? DEFAULT_GRACE_MS;
    const order = { graceMs, reason };
    if (undo) dispatch.undrain({ tenantId, workerId }, order);
    else dispatch.drain({ tenantId, workerId }, order);
    const now = connectedWorkers(dispatch, tenantId).find((connected) => connected.workerId === workerId);
    return create(DrainWorkerResponseSchema, { worker: workerToProto(now ?? worker, context) });
  };
}
