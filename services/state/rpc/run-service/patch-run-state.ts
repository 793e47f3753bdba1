import { create } from '@bufbuild/protobuf';
import {
  PatchMode,
  type PatchRunStateRequest,
  type PatchRunStateResponse,
  PatchRunStateResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { changeRunState } from '../state-document/change-run-state.ts';
import { isJsonObject } from '../state-document/json.ts';
import { readGivenJson } from '../state-document/read-payload.ts';
import { maybeCountFromProto } from '../wire/count.ts';
import { invalidField } from '../wire/invalid-field.ts';

/** RunService.PatchRunState: merges into the state document of a CLIENT run, or replaces it [59]. */
export function createPatchRunState(context: StateContext): UnaryHandler<PatchRunStateRequest, PatchRunStateResponse> {
  return async (request, { tenantId, signal }) => {
    const { runId, incarnation, requestId, mode } = request;
    const { value, text } = await readGivenJson(context.store, tenantId, request.patch, 'patch', signal);
    if (!isJsonObject(value)) throw invalidField('patch', 'must be a JSON object');
    const { version, commitToken, readText } = await changeRunState(context, {
      runKey: { tenantId, runId },
      rpc: 'PatchRunState',
      incarnation,
      requestId,
      change: mode === PatchMode.REPLACE ? 'replace' : 'merge',
      key: '',
      value,
      text,
      expectedVersion: maybeCountFromProto(request.expectedVersion),
      signal,
    });
    return create(PatchRunStateResponseSchema, {
      stateVersion: BigInt(version),
      state: { value: { case: 'json', value: await readText() } },
      commitToken,
    });
  };
}
