import { create } from '@bufbuild/protobuf';
import {
  type ClaimTaskRequest,
  type ClaimTaskResponse,
  ClaimTaskResponseSchema,
} from '#gen/millrace/state/v1/claim_service_pb.ts';
import { taskPath } from '#libs/engine/model/client-path.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { assertActive } from '../access/tenant-limits.ts';
import { changeClientRun } from '../client-runs/change-client-run.ts';
import { expiryFrom } from '../client-runs/lease-expiry.ts';
import type { StateContext } from '../context.ts';
import { clientLeaseToProto } from '../wire/client-node.ts';

/** ClaimService.ClaimTask: gives a task of a CLIENT run to a worker, unless somebody has it [10, 11, 41]. */
export function createClaimTask(context: StateContext): UnaryHandler<ClaimTaskRequest, ClaimTaskResponse> {
  return async (request, { tenantId }) => {
    const { runId, incarnation, taskId, workerId, sessionId, requestId, expiry } = request;
    assertActive(context, tenantId);
    const key = { tenantId, runId };
    const held = expiryFrom(expiry, sessionId);
    const partition = context.node.partitionOf(key);
    return await changeClientRun(context, {
      key,
      rpc: 'ClaimTask',
      incarnation,
      requestId,
      words: [taskId, workerId, sessionId, held],
      intent: 'claimTask',
      command: () => ({
        kind: 'claimTask',
        taskId,
        workerId,
        sessionId,
        fence: partition.nextFence(),
        expiry: held,
      }),
      reply: 'claim',
      response: ClaimTaskResponseSchema,
      answer: ({ lease }, { hot }) => {
        if (lease === undefined) return create(ClaimTaskResponseSchema);
        const path = taskPath(taskId);
        const attempt = hot.run.nodes.get(path)?.item?.attempt ?? 1;
        return create(ClaimTaskResponseSchema, { lease: clientLeaseToProto(lease, hot.identity, path), attempt });
      },
    });
  };
}
