import { create, equals } from '@bufbuild/protobuf';
import { type Run, RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import {
  type WatchRunRequest,
  type WatchRunResponse,
  WatchRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { PingedHandler, ServerStreamHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { goAwayReason } from '../reads/go-away-reason.ts';
import { lookAt } from '../reads/look-at.ts';
import { draftRun, finishRun } from '../reads/run-message.ts';
import { createRunNews } from '../reads/run-news.ts';
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
    async handle({ runId, incarnation, view }, { tenantId, signal, goAway }, out) {
      const key = { tenantId, runId };
      const news = createRunNews(context.node.partitionOf(key), key);
      let watched = incarnation;
      let told: Run | undefined;
      let toldMs = 0;
      try {
        for (;;) {
          news.take();
          const draft = await lookAt(context, key, watched, (hot) => draftRun(hot, { view, payload: payloadToProto }));
          const run = await finishRun(context.store.tables, draft);
          signal.throwIfAborted();
          watched = run.incarnation;
          if (told === undefined || !equals(RunSchema, told, run)) {
            await out.send(create(WatchRunResponseSchema, { frame: { case: 'run', value: run } }));
            told = run;
            toldMs = performance.now();
          }
          if (draft.isOver) return;
          const reason = goAwayReason(goAway, news);
          if (reason !== undefined) {
            await out.send(create(WatchRunResponseSchema, { frame: { case: 'goAway', value: { reason } } }));
            return;
          }
          await news.next([signal, goAway]);
          await news.gather([signal, goAway], toldMs + MIN_INTERVAL_MS - performance.now());
        }
      } finally {
        news.stop();
      }
    },
  };
}
