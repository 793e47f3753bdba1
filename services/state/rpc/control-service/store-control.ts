import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type StoreControlRequest,
  type StoreControlResponse,
  StoreControlResponseSchema,
} from '#gen/millrace/state/v1/control_service_pb.ts';
import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { controlInVisit } from '../runs/control-run.ts';
import { once } from '../runs/once.ts';
import { maybePendingControl } from '../runs/pending-control.ts';
import { controlKindFromProto, controlToProto } from '../wire/control.ts';
import { runToProto } from '../wire/run.ts';

/** ControlService.StoreControl: what CancelRun and PauseRun do, with the control that is pending as the answer [26, 27]. */
export function createStoreControl(context: StateContext): UnaryHandler<StoreControlRequest, StoreControlResponse> {
  return async (request, { tenantId, principal }) => {
    const { runId, incarnation, reason, requestId } = request;
    const key = { tenantId, runId };
    const kind = controlKindFromProto(request.kind);
    const requestedBy = request.requestedBy || principal.name;
    const command = { kind: kind === 'CANCEL' ? 'cancelRun' : 'pauseRun', requestedBy, reason } as const;
    return await once<StoreControlResponse>(context, {
      key,
      rpc: 'StoreControl',
      requestId,
      words: [incarnation, kind, requestedBy, reason],
      intent: command.kind,
      act: (visit) => {
        const hot = controlInVisit(visit, key, incarnation, command);
        const pending = maybePendingControl(hot, kind);
        const control = pending ?? { kind, reason, requestedBy, requestTime: visit.now };
        return create(StoreControlResponseSchema, {
          control: controlToProto(control),
          pending: pending !== undefined,
          run: runToProto(hot, RunView.BASIC),
        });
      },
      encode: (answer) => toBinary(StoreControlResponseSchema, answer),
      decode: (bytes) => fromBinary(StoreControlResponseSchema, bytes),
    });
  };
}
