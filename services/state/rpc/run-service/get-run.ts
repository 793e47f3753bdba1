import { create } from '@bufbuild/protobuf';
import {
  type GetRunRequest,
  type GetRunResponse,
  GetRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { readRun } from '../runs/read-run.ts';

/** RunService.GetRun: answers a run. */
export function createGetRun(context: StateContext): UnaryHandler<GetRunRequest, GetRunResponse> {
  return async ({ runId, incarnation, view }, { tenantId }) => {
    const { run } = await readRun(context, { tenantId, runId }, incarnation, { view });
    return create(GetRunResponseSchema, { run });
  };
}
