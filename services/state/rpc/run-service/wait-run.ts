import { create } from '@bufbuild/protobuf';
import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import {
  type WaitRunRequest,
  type WaitRunResponse,
  WaitRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { readRun } from '../runs/read-run.ts';
import { untilEnded } from '../runs/until-ended.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';

const DEFAULT_WAIT_MS = 20_000;
/** What of the caller's time is left for the answer. */
const MARGIN_MS = 250;

/** RunService.WaitRun: waits until a run has ended, or the time is up. */
export function createWaitRun(context: StateContext): UnaryHandler<WaitRunRequest, WaitRunResponse> {
  return async ({ runId, incarnation, wait, view }, { tenantId, signal, remainingMs }) => {
    const key = { tenantId, runId };
    const waitMs = maybeMsFromDuration(wait) ?? DEFAULT_WAIT_MS;
    const ms = Math.max(0, Math.min(waitMs, (remainingMs ?? Infinity) - MARGIN_MS));
    await untilEnded(context, key, incarnation, ms, signal);
    const asked = view === RunView.UNSPECIFIED ? RunView.FULL : view;
    const { run, isOver } = await readRun(context, key, incarnation, { view: asked, withoutInput: true });
    return create(WaitRunResponseSchema, { run, ended: isOver });
  };
}
