import { create } from '@bufbuild/protobuf';
import {
  type ReleaseTaskClaimRequest,
  type ReleaseTaskClaimResponse,
  ReleaseTaskClaimResponseSchema,
} from '#gen/millrace/state/v1/claim_service_pb.ts';
import { taskPath } from '#libs/engine/model/client-path.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { changeClientRun } from '../client-runs/change-client-run.ts';
import type { StateContext } from '../context.ts';
import { timestampFromTime } from '../wire/timestamp.ts';

/** ClaimService.ReleaseTaskClaim: gives a task back [12, 24]. */
export function createReleaseTaskClaim(
  context: StateContext,
): UnaryHandler<ReleaseTaskClaimRequest, ReleaseTaskClaimResponse> {
  return async ({ runId, incarnation, taskId, workerId, fence, failed, requestId }, { tenantId }) =>
    await changeClientRun(context, {
      key: { tenantId, runId },
      rpc: 'ReleaseTaskClaim',
      incarnation,
      requestId,
      words: [taskId, workerId, fence, failed],
      intent: 'releaseClaim',
      command: () => ({ kind: 'releaseClaim', nodePath: taskPath(taskId), workerId, fence, failed }),
      reply: 'ready',
      response: ReleaseTaskClaimResponseSchema,
      answer: ({ time }) => create(ReleaseTaskClaimResponseSchema, { readyTime: timestampFromTime(time) }),
    });
}
