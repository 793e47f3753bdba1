import { create } from '@bufbuild/protobuf';
import {
  RunAction,
  type TerminateRunRequest,
  type TerminateRunResponse,
  TerminateRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { controlRun } from '../runs/control-run.ts';

/** RunService.TerminateRun: ends a run at once. */
export function createTerminateRun(context: StateContext): UnaryHandler<TerminateRunRequest, TerminateRunResponse> {
  return async (request, call) => {
    const { run, commitToken } = await controlRun(context, call, { ...request, action: RunAction.TERMINATE });
    return create(TerminateRunResponseSchema, { run, commitToken });
  };
}
