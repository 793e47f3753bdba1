import { create } from '@bufbuild/protobuf';
import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import {
  StartOutcome,
  type StartRunRequest,
  type StartRunResponse,
  StartRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { freshSnapshot } from '../client-runs/snapshot-message.ts';
import type { StateContext } from '../context.ts';
import { beginStart } from '../runs/begin-start.ts';
import { commitTokenOf } from '../runs/commit-token.ts';
import { runToProto } from '../wire/run.ts';

/** RunService.StartRun: starts a run. */
export function createStartRun(context: StateContext): UnaryHandler<StartRunRequest, StartRunResponse> {
  return (request, { tenantId, principal, trace, signal }) =>
    new Promise((resolve, reject) => {
      beginStart<StartRunResponse>(context, request, {
        tenantId,
        requestedBy: principal.name,
        traceparent: trace?.traceparent ?? '',
        signal,
        answer: ({ key }, hot, isFresh, position) =>
          create(StartRunResponseSchema, {
            outcome: isFresh ? StartOutcome.STARTED : StartOutcome.EXISTING,
            run: runToProto(hot, RunView.FULL),
            ...(isFresh && hot.run.client !== undefined ? { snapshot: freshSnapshot(hot) } : {}),
            commitToken: commitTokenOf(context.node.partitionOf(key), position),
          }),
        onStarted: resolve,
        onRefused: reject,
      });
    });
}
