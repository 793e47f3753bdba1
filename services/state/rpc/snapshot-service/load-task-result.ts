import { create } from '@bufbuild/protobuf';
import {
  type LoadTaskResultRequest,
  type LoadTaskResultResponse,
  LoadTaskResultResponseSchema,
} from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { recordAt } from '../client-runs/record-at.ts';
import type { StateContext } from '../context.ts';
import { lookAt } from '../reads/look-at.ts';
import { payloadToReadableProto } from '../wire/payload.ts';

/** SnapshotService.LoadTaskResult: the result of a task, also after the end. What is not there is absent, no error [6]. */
export function createLoadTaskResult(
  context: StateContext,
): UnaryHandler<LoadTaskResultRequest, LoadTaskResultResponse> {
  return async ({ runId, incarnation, taskId }, { tenantId }) => {
    const found = await maybeResultPlace(context, { tenantId, runId }, incarnation, taskId);
    if (found === undefined) return create(LoadTaskResultResponseSchema);
    const { hot, place } = found;
    const record = await recordAt(context.store.tables, hot, place, ['taskResultSaved', 'taskCompleted']);
    // A result that is null is there all the same.
    const output = record.output ?? { contentType: '', encodings: [], data: undefined, ref: undefined };
    return create(LoadTaskResultResponseSchema, { output: payloadToReadableProto(output) });
  };
}

async function maybeResultPlace(
  context: StateContext,
  key: { readonly tenantId: string; readonly runId: string },
  incarnation: string,
  taskId: string,
): Promise<{ readonly hot: HotRun; readonly place: number } | undefined> {
  try {
    const { hot, place } = await lookAt(context, key, incarnation, (seen) => ({
      hot: seen,
      place: seen.run.client?.results.get(taskId),
    }));
    return place === undefined ? undefined : { hot, place };
  } catch (error) {
    if (error instanceof DomainError && error.reason === 'RUN_NOT_FOUND') return undefined;
    throw error;
  }
}
