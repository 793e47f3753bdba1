import { create } from '@bufbuild/protobuf';
import {
  type CheckAndPauseRequest,
  type CheckAndPauseResponse,
  CheckAndPauseResponseSchema,
} from '#gen/millrace/state/v1/control_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { checkControls } from '../client-runs/check-controls.ts';
import type { StateContext } from '../context.ts';

/** ControlService.CheckAndPause: a pause that is pending takes effect, or the cancel that beats it [28]. */
export function createCheckAndPause(context: StateContext): UnaryHandler<CheckAndPauseRequest, CheckAndPauseResponse> {
  return (request, call) =>
    checkControls(context, call, request, {
      rpc: 'CheckAndPause',
      checks: 'pause',
      response: CheckAndPauseResponseSchema,
      answer: ({ outcome, control }) =>
        create(CheckAndPauseResponseSchema, {
          paused: outcome === 'PAUSED',
          cancelled: outcome === 'CANCELLED',
          ...control,
        }),
    });
}
