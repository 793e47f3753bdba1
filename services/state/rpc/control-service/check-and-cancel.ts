import { create } from '@bufbuild/protobuf';
import {
  type CheckAndCancelRequest,
  type CheckAndCancelResponse,
  CheckAndCancelResponseSchema,
} from '#gen/millrace/state/v1/control_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { checkControls } from '../client-runs/check-controls.ts';
import type { StateContext } from '../context.ts';

/** ControlService.CheckAndCancel: a cancel that is pending takes effect [28]. */
export function createCheckAndCancel(
  context: StateContext,
): UnaryHandler<CheckAndCancelRequest, CheckAndCancelResponse> {
  return (request, call) =>
    checkControls(context, call, request, {
      rpc: 'CheckAndCancel',
      checks: 'cancel',
      response: CheckAndCancelResponseSchema,
      answer: ({ outcome, control }) =>
        create(CheckAndCancelResponseSchema, { cancelled: outcome === 'CANCELLED', ...control }),
    });
}
