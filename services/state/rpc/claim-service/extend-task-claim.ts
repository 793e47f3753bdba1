import { create } from '@bufbuild/protobuf';
import {
  type ExtendTaskClaimRequest,
  type ExtendTaskClaimResponse,
  ExtendTaskClaimResponseSchema,
} from '#gen/millrace/state/v1/claim_service_pb.ts';
import { taskPath } from '#libs/engine/model/client-path.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { changeClientRun } from '../client-runs/change-client-run.ts';
import { DEFAULT_CLAIM_MS } from '../client-runs/lease-expiry.ts';
import type { StateContext } from '../context.ts';
import { clientLeaseToProto } from '../wire/client-node.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';

/** ClaimService.ExtendTaskClaim: holds a task until now + ttl [11, 12, 13]. */
export function createExtendTaskClaim(
  context: StateContext,
): UnaryHandler<ExtendTaskClaimRequest, ExtendTaskClaimResponse> {
  return async ({ runId, incarnation, taskId, workerId, fence, ttl, requestId }, { tenantId }) => {
    const nodePath = taskPath(taskId);
    const ttlMs = maybeMsFromDuration(ttl) ?? DEFAULT_CLAIM_MS;
    return await changeClientRun(context, {
      key: { tenantId, runId },
      rpc: 'ExtendTaskClaim',
      incarnation,
      requestId,
      words: [taskId, workerId, fence, ttlMs],
      intent: 'extendClaim',
      command: () => ({ kind: 'extendClaim', nodePath, workerId, fence, ttlMs }),
      reply: 'lease',
      response: ExtendTaskClaimResponseSchema,
      answer: ({ lease }, { hot }) =>
        create(ExtendTaskClaimResponseSchema, { lease: clientLeaseToProto(lease, hot.identity, nodePath) }),
    });
  };
}
