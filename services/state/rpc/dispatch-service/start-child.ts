import {
  DispatchService,
  type StartChildRequest,
  type StartChildResponse,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { atField } from '../unary-work/at-field.ts';
import { maybeCancelNotice } from '../unary-work/cancel-notice.ts';
import { changeLeased } from '../unary-work/change-leased.ts';
import { leasedRunFrom } from '../unary-work/leased-run.ts';
import { performOrdered } from '../unary-work/perform-ordered.ts';
import { createSettler } from '../unary-work/settle-frames.ts';
import { maybeUnaryAck } from '../unary-work/unary-ack.ts';
import { startChildFromProto } from '../wire/commands.ts';
import { invalidField } from '../wire/invalid-field.ts';

/** DispatchService.StartChild: records that a function starts a child; whether it could is told by a later event. */
export function createStartChild(context: StateContext): UnaryHandler<StartChildRequest, StartChildResponse> {
  return async (request, { tenantId, signal }) => {
    const target = leasedRunFrom(tenantId, request.lease, 'LEASE_LOST');
    const { child } = request;
    if (child === undefined) throw invalidField('child', 'must be there');
    const input = await createSettler(context, target, signal).maybePayload(child.input);
    return await changeLeased(context, DispatchService.method.startChild, request, {
      target,
      missing: 'LEASE_LOST',
      intent: 'startChild',
      act: (visit, hot, proof): StartChildResponse => {
        const command = atField('child', () => startChildFromProto({ ...child, input }, proof, hot.run.priority));
        const ack = performOrdered(visit, [command], hot.run.stepCount);
        return {
          $typeName: 'millrace.state.v1.StartChildResponse',
          ack: maybeUnaryAck(ack),
          runId: command.runId,
          cancel: maybeCancelNotice(hot.run),
        };
      },
    });
  };
}
