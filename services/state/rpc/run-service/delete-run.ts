import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DeleteRunRequest,
  type DeleteRunResponse,
  DeleteRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { deleteWholeRun } from '../runs/delete-whole-run.ts';

/** RunService.DeleteRun: deletes all incarnations of a run; an open one is terminated first. */
export function createDeleteRun(context: StateContext): UnaryHandler<DeleteRunRequest, DeleteRunResponse> {
  return async ({ runId, requestId }, { tenantId, principal }) =>
    await deleteWholeRun<DeleteRunResponse>(context, {
      key: { tenantId, runId },
      rpc: 'DeleteRun',
      requestId,
      requestedBy: principal.name,
      answer: ({ count, wasOpen }, commitToken) =>
        create(DeleteRunResponseSchema, { deletedIncarnations: BigInt(count), terminated: wasOpen, commitToken }),
      encode: (response) => toBinary(DeleteRunResponseSchema, response),
      decode: (bytes) => fromBinary(DeleteRunResponseSchema, bytes),
    });
}
