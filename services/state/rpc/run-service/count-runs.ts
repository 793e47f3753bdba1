import { create } from '@bufbuild/protobuf';
import {
  type CountRunsRequest,
  type CountRunsResponse,
  CountRunsResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { untilListed } from '../reads/after-commit.ts';
import { countRuns } from '../reads/count-runs.ts';
import { ALL_STATUSES, selectionFrom } from '../reads/run-selection.ts';
import { statusToProto } from '../wire/status.ts';

/**
 * RunService.CountRuns: counts what ListRuns with the same filter lists. What the store filters by it counts by its
 * indexes; for the rest every run is looked at, as long as the caller waits.
 */
export function createCountRuns(context: StateContext): UnaryHandler<CountRunsRequest, CountRunsResponse> {
  return async ({ filter, byStatus, afterCommit }, { tenantId, signal }) => {
    const selection = selectionFrom(filter);
    await untilListed(context, afterCommit, signal);
    const counts = await countRuns(context.store.tables, { tenantId, selection, byStatus, signal });
    return create(CountRunsResponseSchema, {
      count: BigInt(counts.count),
      byStatus: ALL_STATUSES.flatMap((status) => {
        const count = counts.byStatus.get(status);
        return count === undefined ? [] : [{ status: statusToProto(status), count: BigInt(count) }];
      }),
    });
  };
}
