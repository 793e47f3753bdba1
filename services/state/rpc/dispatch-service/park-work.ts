import {
  DispatchService,
  type ParkWorkRequest,
  type ParkWorkResponse,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { atField } from '../unary-work/at-field.ts';
import { maybeCancelNotice } from '../unary-work/cancel-notice.ts';
import { changeLeased } from '../unary-work/change-leased.ts';
import { eventsAfter } from '../unary-work/events-after.ts';
import { acknowledge, leasedRunFrom } from '../unary-work/leased-run.ts';
import { performOrdered } from '../unary-work/perform-ordered.ts';
import { maybeUnaryAck } from '../unary-work/unary-ack.ts';
import { parkFromProto } from '../wire/commands.ts';
import { invalidField } from '../wire/invalid-field.ts';

/** DispatchService.ParkWork: records that a function waits, and gives its slot back when everything does. */
export function createParkWork(context: StateContext): UnaryHandler<ParkWorkRequest, ParkWorkResponse> {
  return async (request, { tenantId }) => {
    const { parks, yieldSlot, knownSequence } = request;
    const target = leasedRunFrom(tenantId, request.lease, 'LEASE_LOST');
    if (parks.length === 0 && !yieldSlot) throw invalidField('parks', 'must hold a wait unless yield_slot is set');
    let visited: HotRun | undefined;
    const answer = await changeLeased(context, DispatchService.method.parkWork, request, {
      target,
      missing: 'LEASE_LOST',
      intent: 'parkFunction',
      act: (visit, hot, proof): ParkWorkResponse => {
        visited = hot;
        const commands = parks.map((park, at) => atField(`parks[${at}]`, () => parkFromProto(park, proof, visit.now)));
        const parked = performOrdered(visit, commands, hot.run.stepCount);
        const ack = yieldSlot
          ? acknowledge(visit, { kind: 'yieldSlot', lease: proof, knownSequence: Number(knownSequence ?? 0n) })
          : parked;
        return {
          $typeName: 'millrace.state.v1.ParkWorkResponse',
          ack: maybeUnaryAck(ack),
          // Who has yielded holds nothing that it could give up.
          cancel: yieldSlot ? undefined : maybeCancelNotice(hot.run),
          events: [],
        };
      },
    });
    const last = answer.ack?.lastSequence ?? 0n;
    return { ...answer, events: await eventsAfter(context, target, visited, knownSequence, last) };
  };
}
