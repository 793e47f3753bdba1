import { create } from '@bufbuild/protobuf';
import {
  type SaveTaskResultRequest,
  type SaveTaskResultResponse,
  SaveTaskResultResponseSchema,
} from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { changeClientRun } from '../client-runs/change-client-run.ts';
import { settleForRun } from '../client-runs/settle-for-run.ts';
import type { StateContext } from '../context.ts';

/** SnapshotService.SaveTaskResult: saves the result of one task and touches nothing else [5]. */
export function createSaveTaskResult(
  context: StateContext,
): UnaryHandler<SaveTaskResultRequest, SaveTaskResultResponse> {
  return async (request, call) => {
    const { runId, incarnation, taskId, fence, requestId } = request;
    const key = { tenantId: call.tenantId, runId };
    const output = await settleForRun(context, call, key, incarnation, request.output, 'output');
    return await changeClientRun(context, {
      key,
      rpc: 'SaveTaskResult',
      incarnation,
      requestId,
      words: [taskId, fence, output],
      intent: 'saveTaskResult',
      command: () => ({ kind: 'saveTaskResult', taskId, output, fence }),
      reply: 'result',
      response: SaveTaskResultResponseSchema,
      answer: ({ overwritten }, { hot }) =>
        create(SaveTaskResultResponseSchema, { incarnation: hot.identity.incarnation, overwritten }),
    });
  };
}
