import { create } from '@bufbuild/protobuf';
import {
  type CancelRunRequest,
  type CancelRunResponse,
  CancelRunResponseSchema,
  RunAction,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { controlRun } from '../runs/control-run.ts';

/** RunService.CancelRun: asks a run to end after its clean-up. */
export function createCancelRun(context: StateContext): UnaryHandler<CancelRunRequest, CancelRunResponse> {
  return async (request, call) => {
    const { run, commitToken } = await controlRun(context, call, { ...request, action: RunAction.CANCEL });
    return create(CancelRunResponseSchema, { run, commitToken });
  };
}
