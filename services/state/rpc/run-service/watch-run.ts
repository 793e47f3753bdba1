import { create, equals } from '@bufbuild/protobuf';
import { type Run, RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import {
  type WatchRunRequest,
  type WatchRunResponse,
  WatchRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { PingedHandler, ServerStreamHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { followRun } from '../reads/follow-run.ts';
import { lookAt } from '../reads/look-at.ts';
import { draftRun, finishRun } from '../reads/run-message.ts';
import { payloadToProto } from '../wire/payload.ts';

/** Time between two messages of a run that changes all the time; its end is told at once. */
const MIN_INTERVAL_MS = 50;

/**
 * RunService.WatchRun: streams a run as it is, then with every change. Changes that come faster than the caller reads, or
 * within 50 ms, are told as one. The stream stays with the incarnation that it began with and ends after its end.
 */
export function createWatchRun(
  context: StateContext,
): PingedHandler<ServerStreamHandler<WatchRunRequest, WatchRunResponse>, WatchRunResponse> {
  return {
    ping: () => create(WatchRunResponseSchema, { frame: { case: 'ping', value: {} } }),
    async handle({ runId, incarnation, view }, call, out) {
      const key = { tenantId: call.tenantId, runId };
      let watched = incarnation;
      let told: Run | undefined;
      const step = async (): Promise<'wait' | 'over'> => {
        const draft = await lookAt(context, key, watched, (hot) => draftRun(hot, { view, payload: payloadToProto }));
        const run = await finishRun(context.store, draft);
        watched = run.incarnation;
        if (told === undefined || !equals(RunSchema, told, run)) {
          told = run;
          await out.send(create(WatchRunResponseSchema, { frame: { case: 'run', value: run } }));
        }
        return draft.isOver ? 'over' : 'wait';
      };
      const reason = await followRun(context, key, call, { step, minIntervalMs: MIN_INTERVAL_MS });
      if (reason === undefined) return;
      await out.send(create(WatchRunResponseSchema, { frame: { case: 'goAway', value: { reason } } }));
    },
  };
}
