import { create } from '@bufbuild/protobuf';
import {
  type ResumeRunRequest,
  type ResumeRunResponse,
  ResumeRunResponseSchema,
  RunAction,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { controlRun } from '../runs/control-run.ts';

/** RunService.ResumeRun: lets a run that is held go on. */
export function createResumeRun(context: StateContext): UnaryHandler<ResumeRunRequest, ResumeRunResponse> {
  return async (request, call) => {
    const { run, commitToken } = await controlRun(context, call, { ...request, action: RunAction.RESUME });
    return create(ResumeRunResponseSchema, { run, commitToken });
  };
}
