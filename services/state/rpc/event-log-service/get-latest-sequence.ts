import { create } from '@bufbuild/protobuf';
import {
  type GetLatestSequenceRequest,
  type GetLatestSequenceResponse,
  GetLatestSequenceResponseSchema,
} from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { findLog } from '../reads/read-log.ts';

/** EventLogService.GetLatestSequence: the number of the last event; 0 while there is none [58]. */
export function createGetLatestSequence(
  context: StateContext,
): UnaryHandler<GetLatestSequenceRequest, GetLatestSequenceResponse> {
  return async ({ runId, incarnation: asked }, { tenantId }) => {
    const { lastSequence, incarnation } = await findLog(context, { tenantId, runId }, asked);
    return create(GetLatestSequenceResponseSchema, { sequence: BigInt(lastSequence), incarnation });
  };
}
