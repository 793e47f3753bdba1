import { create } from '@bufbuild/protobuf';
import {
  type ResumeRunRequest,
  type ResumeRunResponse,
  ResumeRunResponseSchema,
  RunAction,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { draftSnapshot, finishSnapshot } from '../client-runs/snapshot-message.ts';
import type { StateContext } from '../context.ts';
import { lookAt } from '../reads/look-at.ts';
import { controlRun } from '../runs/control-run.ts';

/** RunService.ResumeRun: lets a run that is held go on, and says where it stands [29]. */
export function createResumeRun(context: StateContext): UnaryHandler<ResumeRunRequest, ResumeRunResponse> {
  return async (request, call) => {
    const { run, commitToken } = await controlRun(context, call, { ...request, action: RunAction.RESUME });
    const key = { tenantId: call.tenantId, runId: request.runId };
    const draft = await lookAt(context, key, run.incarnation, (hot) => draftSnapshot(hot, undefined));
    const isKept = draft.saved !== undefined || draft.message.content.case === 'fold';
    const snapshot = isKept ? await finishSnapshot(context.store.tables, draft) : undefined;
    return create(ResumeRunResponseSchema, { run, commitToken, ...(snapshot === undefined ? {} : { snapshot }) });
  };
}
