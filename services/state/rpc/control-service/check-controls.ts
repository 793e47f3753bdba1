import { create } from '@bufbuild/protobuf';
import {
  type CheckControlsRequest,
  type CheckControlsResponse,
  CheckControlsResponseSchema,
  ControlOutcome,
} from '#gen/millrace/state/v1/control_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { type CheckedControls, checkControls } from '../client-runs/check-controls.ts';
import type { StateContext } from '../context.ts';

const OUTCOMES: Readonly<Record<CheckedControls['outcome'], ControlOutcome>> = {
  NONE: ControlOutcome.NONE,
  PAUSED: ControlOutcome.PAUSED,
  CANCELLED: ControlOutcome.CANCELLED,
};

/** ControlService.CheckControls: whatever is pending takes effect, a cancel first [28]. */
export function createCheckControls(context: StateContext): UnaryHandler<CheckControlsRequest, CheckControlsResponse> {
  return (request, call) =>
    checkControls(context, call, request, {
      rpc: 'CheckControls',
      checks: 'both',
      response: CheckControlsResponseSchema,
      answer: ({ outcome, control }) => create(CheckControlsResponseSchema, { outcome: OUTCOMES[outcome], ...control }),
    });
}
