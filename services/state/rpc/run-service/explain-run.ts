import type { ExplainRunRequest, ExplainRunResponse } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { maybeExplainUnserved } from '../reads/explain-unserved.ts';
import { explanationFrom } from '../reads/explanation.ts';
import { findReasons } from '../reads/find-reasons.ts';
import { lookAt } from '../reads/look-at.ts';
import { sightOf } from '../reads/run-sight.ts';

/** RunService.ExplainRun: says exactly why a run does not move. */
export function createExplainRun(context: StateContext): UnaryHandler<ExplainRunRequest, ExplainRunResponse> {
  return async ({ runId, incarnation }, { tenantId }) => {
    const key = { tenantId, runId };
    const unserved = await maybeExplainUnserved(context, key, incarnation);
    if (unserved !== undefined) return unserved;
    const sight = await lookAt(context, key, incarnation, sightOf);
    const { reasons, left } = await findReasons(context, sight);
    return explanationFrom(sight.draft.message, reasons, left);
  };
}
