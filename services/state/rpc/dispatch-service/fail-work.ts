import {
  DispatchService,
  type FailWorkRequest,
  type FailWorkResponse,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { atField } from '../unary-work/at-field.ts';
import { changeLeased } from '../unary-work/change-leased.ts';
import { acknowledge, leasedRunFrom } from '../unary-work/leased-run.ts';
import { createSettler } from '../unary-work/settle-frames.ts';
import { failFromProto } from '../wire/commands.ts';
import { invalidField } from '../wire/invalid-field.ts';
import { maybeTimestampFromTime } from '../wire/timestamp.ts';

/** DispatchService.FailWork: settles an attempt as failed; retries follow the policy. */
export function createFailWork(context: StateContext): UnaryHandler<FailWorkRequest, FailWorkResponse> {
  return async (request, { tenantId, signal }) => {
    const target = leasedRunFrom(tenantId, request.lease, 'ITEM_NOT_FOUND');
    if (request.failure === undefined) throw invalidField('failure', 'must be there');
    const failure = await createSettler(context, target, signal).failure(request.failure.failure);
    const frame = { ...request.failure, failure };
    return await changeLeased(context, DispatchService.method.failWork, request, {
      target,
      missing: 'ITEM_NOT_FOUND',
      intent: 'failItem',
      act: (visit, { run }, proof): FailWorkResponse => {
        acknowledge(
          visit,
          atField('failure', () => failFromProto(frame, proof, context.random())),
        );
        // The attempt that follows is open now. One that was taken already is due at once, as far as its last worker goes.
        const next = run.nodes.get(proof.nodePath)?.item;
        return {
          $typeName: 'millrace.state.v1.FailWorkResponse',
          retryTime: maybeTimestampFromTime(next === undefined ? undefined : (next.notBeforeTime ?? next.scheduleTime)),
          deadLetterId: '',
        };
      },
    });
  };
}
