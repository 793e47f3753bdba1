import {
  DispatchService,
  type ReleaseWorkRequest,
  type ReleaseWorkResponse,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { changeLeased } from '../unary-work/change-leased.ts';
import { acknowledge, isHeld, leasedRunFrom, leaseLost } from '../unary-work/leased-run.ts';
import { releaseFromProto } from '../wire/commands.ts';
import { timestampFromTime } from '../wire/timestamp.ts';

/**
 * DispatchService.ReleaseWork: gives an item back, its attempt not counted. Other than a settle, a second call is
 * LEASE_LOST: somebody else may have the item by then.
 */
export function createReleaseWork(context: StateContext): UnaryHandler<ReleaseWorkRequest, ReleaseWorkResponse> {
  return async (request, { tenantId }) => {
    const target = leasedRunFrom(tenantId, request.lease, 'ITEM_NOT_FOUND');
    try {
      return await changeLeased(context, DispatchService.method.releaseWork, request, {
        target,
        missing: 'ITEM_NOT_FOUND',
        intent: 'releaseItem',
        act: (visit, { run }, proof): ReleaseWorkResponse => {
          if (!isHeld(run, proof, visit.now)) throw leaseLost(target.lease);
          acknowledge(visit, releaseFromProto(request.release, proof));
          const item = run.nodes.get(proof.nodePath)?.item;
          const readyTime = item?.notBeforeTime ?? visit.now;
          return { $typeName: 'millrace.state.v1.ReleaseWorkResponse', readyTime: timestampFromTime(readyTime) };
        },
      });
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason !== 'RUN_NOT_FOUND') throw error;
      throw new DomainError('ITEM_NOT_FOUND', `there is no work item ${target.lease.itemId}`, {
        metadata: { item_id: target.lease.itemId, run_id: target.runId },
      });
    }
  };
}
