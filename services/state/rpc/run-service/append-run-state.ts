import { create } from '@bufbuild/protobuf';
import {
  type AppendRunStateRequest,
  type AppendRunStateResponse,
  AppendRunStateResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { changeRunState } from '../state-document/change-run-state.ts';
import { readGivenJson } from '../state-document/read-payload.ts';

/** RunService.AppendRunState: appends to an array in the state document of a CLIENT run [59]. */
export function createAppendRunState(
  context: StateContext,
): UnaryHandler<AppendRunStateRequest, AppendRunStateResponse> {
  return async (request, { tenantId, signal }) => {
    const { runId, incarnation, requestId, key } = request;
    const given = await readGivenJson(context.store, tenantId, request.value, 'value', signal);
    const { version, length, commitToken } = await changeRunState(context, {
      runKey: { tenantId, runId },
      rpc: 'AppendRunState',
      incarnation,
      requestId,
      change: 'append',
      key,
      ...given,
      expectedVersion: undefined,
      signal,
    });
    return create(AppendRunStateResponseSchema, { stateVersion: BigInt(version), length, commitToken });
  };
}
