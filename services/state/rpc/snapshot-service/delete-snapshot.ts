import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DeleteSnapshotRequest,
  type DeleteSnapshotResponse,
  DeleteSnapshotResponseSchema,
} from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { deleteWholeRun } from '../runs/delete-whole-run.ts';

/** SnapshotService.DeleteSnapshot: deletes a CLIENT run with everything that belongs to it [4]. */
export function createDeleteSnapshot(
  context: StateContext,
): UnaryHandler<DeleteSnapshotRequest, DeleteSnapshotResponse> {
  return async ({ runId, requestId }, { tenantId, principal }) =>
    await deleteWholeRun<DeleteSnapshotResponse>(context, {
      key: { tenantId, runId },
      rpc: 'DeleteSnapshot',
      requestId,
      requestedBy: principal.name,
      driver: 'CLIENT',
      answer: ({ count }, commitToken) =>
        create(DeleteSnapshotResponseSchema, { deletedIncarnations: BigInt(count), commitToken }),
      encode: (response) => toBinary(DeleteSnapshotResponseSchema, response),
      decode: (bytes) => fromBinary(DeleteSnapshotResponseSchema, bytes),
    });
}
