import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DeleteRunRequest,
  type DeleteRunResponse,
  DeleteRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { deleteRun } from '#libs/partition/serve/delete-run.ts';
import { assertMayDelete } from '#libs/partition/serve/deletion.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import { keepStart } from '#libs/partition/serve/kept-starts.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { commitTokenOf } from '../runs/commit-token.ts';
import { once } from '../runs/once.ts';
import { pastIncarnations } from '../runs/past-incarnations.ts';

/** RunService.DeleteRun: deletes all incarnations of a run; an open one is terminated first. */
export function createDeleteRun(context: StateContext): UnaryHandler<DeleteRunRequest, DeleteRunResponse> {
  return async ({ runId, requestId }, { tenantId, principal }) => {
    const key = { tenantId, runId };
    // Incarnations that were replaced never change: what is read now is what there is.
    const past = await pastIncarnations(context.store.tables, key);
    return await once<DeleteRunResponse>(context, {
      key,
      rpc: 'DeleteRun',
      requestId,
      words: [],
      intent: 'terminateRun',
      act: (visit, position) => {
        assertMayDelete(context.node.partitionOf(key).state);
        if (visit.hot !== undefined) keepStart(visit, visit.hot, 0);
        const deleted = deleteRun(visit, { past, requestedBy: principal.tokenId });
        if (deleted === undefined) throw runNotFound(key);
        return create(DeleteRunResponseSchema, {
          deletedIncarnations: BigInt(deleted.count),
          terminated: deleted.wasOpen,
          commitToken: commitTokenOf(context.node.partitionOf(key), position),
        });
      },
      encode: (response) => toBinary(DeleteRunResponseSchema, response),
      decode: (bytes) => fromBinary(DeleteRunResponseSchema, bytes),
    });
  };
}
