import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type ClearControlRequest,
  type ClearControlResponse,
  ClearControlResponseSchema,
} from '#gen/millrace/state/v1/control_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { controlInVisit } from '../runs/control-run.ts';
import { once } from '../runs/once.ts';
import { maybePendingControl } from '../runs/pending-control.ts';
import { controlKindFromProto } from '../wire/control.ts';

/** ControlService.ClearControl: takes a control back before its runtime has seen it [27]. */
export function createClearControl(context: StateContext): UnaryHandler<ClearControlRequest, ClearControlResponse> {
  return async (request, { tenantId }) => {
    const { runId, incarnation, requestId } = request;
    const key = { tenantId, runId };
    const control = controlKindFromProto(request.kind);
    return await once<ClearControlResponse>(context, {
      key,
      rpc: 'ClearControl',
      requestId,
      words: [incarnation, control],
      intent: 'clearControl',
      act: (visit) => {
        // What was due comes first, and may have ended the run with its controls.
        const { hot } = visit;
        if (hot !== undefined) visit.perform({ kind: 'wake' });
        const cleared = hot !== undefined && maybePendingControl(hot, control) !== undefined;
        controlInVisit(visit, key, incarnation, { kind: 'clearControl', control });
        return create(ClearControlResponseSchema, { cleared });
      },
      encode: (answer) => toBinary(ClearControlResponseSchema, answer),
      decode: (bytes) => fromBinary(ClearControlResponseSchema, bytes),
    });
  };
}
