import { create } from '@bufbuild/protobuf';
import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import {
  type UpdateRunStatusRequest,
  type UpdateRunStatusResponse,
  UpdateRunStatusResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { Failure as FailureMessage } from '#gen/millrace/workflow/v1/failure_pb.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { FieldViolation } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { changeClientRun } from '../client-runs/change-client-run.ts';
import { failureWords, payloadWords } from '../client-runs/payload-words.ts';
import { readingFirst } from '../client-runs/read-first.ts';
import { createSettledPayloads } from '../client-runs/settled-payloads.ts';
import type { StateContext } from '../context.ts';
import { commitTokenOf } from '../runs/commit-token.ts';
import { failureFromProto } from '../wire/failure.ts';
import { invalidField, invalidFields } from '../wire/invalid-field.ts';
import { runToProto } from '../wire/run.ts';
import { maybeStatusFromProto } from '../wire/status.ts';

/** RunService.UpdateRunStatus: what a remote runtime says of its run [60]. */
export function createUpdateRunStatus(
  context: StateContext,
): UnaryHandler<UpdateRunStatusRequest, UpdateRunStatusResponse> {
  return async (request, { tenantId, principal, signal }) => {
    const { runId, incarnation, requestId, output, failure, reason } = request;
    const status = maybeStatusFromProto(request.status);
    if (status === undefined) throw invalidField('status', 'must be a status');
    assertFitting(request);
    const key = { tenantId, runId };
    const wanted = [
      { payload: output, field: 'output' },
      { payload: failure?.details, field: 'failure.details' },
    ];
    const payloads = createSettledPayloads(context, signal);
    return await readingFirst(() =>
      changeClientRun(context, {
        key,
        rpc: 'UpdateRunStatus',
        incarnation,
        requestId,
        words: [status, payloadWords(output), failureWords(failure), reason, request.expectedStatus],
        intent: 'updateStatus',
        reply: 'run',
        response: UpdateRunStatusResponseSchema,
        command: (hot) => {
          const [settledOutput, details] = payloads.take(hot, wanted);
          return {
            kind: 'updateStatus',
            status,
            expectedStatus: maybeStatusFromProto(request.expectedStatus),
            output: settledOutput,
            failure: failure && failureWith(failure, details),
            requestedBy: principal.name,
            reason,
          };
        },
        answer: (_reply, { hot, position }) =>
          create(UpdateRunStatusResponseSchema, {
            run: runToProto(hot, RunView.BASIC),
            commitToken: commitTokenOf(context.node.partitionOf(key), position),
          }),
      }),
    );
  };
}

/** The failure with its details as they were settled. */
function failureWith({ details: _unsettled, ...failure }: FailureMessage, details: Payload | undefined): Failure {
  return { ...failureFromProto(failure, 'failure'), details };
}

/** Refuses an output or a failure that the status does not have. */
function assertFitting({ status, output, failure }: UpdateRunStatusRequest): void {
  const violations: FieldViolation[] = [];
  if (output !== undefined && status !== RunStatus.COMPLETED) {
    violations.push({ field: 'output', description: 'must be absent unless status is COMPLETED' });
  }
  if (failure !== undefined && status !== RunStatus.FAILED) {
    violations.push({ field: 'failure', description: 'must be absent unless status is FAILED' });
  }
  if (violations.length > 0) throw invalidFields(violations);
}
