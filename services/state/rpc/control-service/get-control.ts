import { create } from '@bufbuild/protobuf';
import {
  type GetControlRequest,
  type GetControlResponse,
  GetControlResponseSchema,
} from '#gen/millrace/state/v1/control_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { lookAt } from '../reads/look-at.ts';
import { maybePendingControl } from '../runs/pending-control.ts';
import { controlKindFromProto, controlToProto } from '../wire/control.ts';

/** ControlService.GetControl: the control of a kind that is pending, if there is one [27]. */
export function createGetControl(context: StateContext): UnaryHandler<GetControlRequest, GetControlResponse> {
  return async (request, { tenantId }) => {
    const { runId, incarnation } = request;
    const kind = controlKindFromProto(request.kind);
    return await lookAt(context, { tenantId, runId }, incarnation, (hot) => {
      const pending = maybePendingControl(hot, kind);
      return create(GetControlResponseSchema, pending === undefined ? {} : { control: controlToProto(pending) });
    });
  };
}
