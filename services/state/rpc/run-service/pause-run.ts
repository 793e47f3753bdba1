import { create } from '@bufbuild/protobuf';
import {
  type PauseRunRequest,
  type PauseRunResponse,
  PauseRunResponseSchema,
  RunAction,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { controlRun } from '../runs/control-run.ts';

/** RunService.PauseRun: holds a run. */
export function createPauseRun(context: StateContext): UnaryHandler<PauseRunRequest, PauseRunResponse> {
  return async (request, call) => {
    const { run, commitToken } = await controlRun(context, call, { ...request, action: RunAction.PAUSE });
    return create(PauseRunResponseSchema, { run, commitToken });
  };
}
