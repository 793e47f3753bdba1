import type { StartRunRequest } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { runIdFrom } from '../wire/start-run.ts';

/**
 * Names the run of a start, and fills in what the handler would make up, so that whoever serves the request, and every
 * repeat of it, is about the same run. [journal.md 21]
 */
export function keyOfStart(
  context: Pick<StateContext, 'newId'>,
): (request: StartRunRequest, call: CallContext) => RunKey {
  return (request, { tenantId }) => {
    if (request.requestId === '') request.requestId = context.newId();
    if (request.runId === '') request.runId = runIdFrom(tenantId, request.requestId);
    return { tenantId, runId: request.runId };
  };
}
