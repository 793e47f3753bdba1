import {
  DispatchService,
  type RecordStepsRequest,
  type RecordStepsResponse,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { atField } from '../unary-work/at-field.ts';
import { maybeCancelNotice } from '../unary-work/cancel-notice.ts';
import { changeLeased } from '../unary-work/change-leased.ts';
import { eventsAfter } from '../unary-work/events-after.ts';
import { leasedRunFrom } from '../unary-work/leased-run.ts';
import { performOrdered } from '../unary-work/perform-ordered.ts';
import { createSettler } from '../unary-work/settle-frames.ts';
import { maybeUnaryAck } from '../unary-work/unary-ack.ts';
import { recordStepFromProto } from '../wire/commands.ts';

/** DispatchService.RecordSteps: records steps of a function, all of one request or none. */
export function createRecordSteps(context: StateContext): UnaryHandler<RecordStepsRequest, RecordStepsResponse> {
  return async (request, { tenantId, signal }) => {
    const target = leasedRunFrom(tenantId, request.lease, 'LEASE_LOST');
    const steps = await createSettler(context, target, signal).records(request.steps);
    let visited: HotRun | undefined;
    const answer = await changeLeased(context, DispatchService.method.recordSteps, request, {
      target,
      missing: 'LEASE_LOST',
      intent: 'recordStep',
      act: (visit, hot, proof): RecordStepsResponse => {
        visited = hot;
        const commands = steps.map((step, at) =>
          atField(`steps[${at}]`, () => recordStepFromProto(step, proof, visit.now)),
        );
        const ack = performOrdered(visit, commands, hot.run.stepCount);
        return {
          $typeName: 'millrace.state.v1.RecordStepsResponse',
          ack: maybeUnaryAck(ack),
          cancel: maybeCancelNotice(hot.run),
          events: [],
        };
      },
    });
    const last = answer.ack?.lastSequence ?? 0n;
    return { ...answer, events: await eventsAfter(context, target, visited, request.knownSequence, last) };
  };
}
