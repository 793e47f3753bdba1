import { create } from '@bufbuild/protobuf';
import {
  type WatchEventsRequest,
  type WatchEventsResponse,
  WatchEventsResponseSchema,
} from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { PingedHandler, ServerStreamHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { followRun } from '../reads/follow-run.ts';
import { createLogFollower } from '../reads/log-follower.ts';
import { eventToProto } from '../wire/event.ts';

/**
 * EventLogService.WatchEvents: streams the events of a run from a number on, those to come included. The stream stays
 * with the incarnation that it began with and ends after that one's last event. What is not read is not kept: the log is
 * read on where the caller has come to [58].
 */
export function createWatchEvents(
  context: StateContext,
): PingedHandler<ServerStreamHandler<WatchEventsRequest, WatchEventsResponse>, WatchEventsResponse> {
  return {
    ping: () => create(WatchEventsResponseSchema, { ping: {} }),
    async handle({ runId, incarnation, afterSequence, includeSystem }, call, out) {
      const key = { tenantId: call.tenantId, runId };
      const follower = createLogFollower(context, key, { incarnation, afterSequence, includeSystem });
      let isFirst = true;
      const step = async (): Promise<'more' | 'wait' | 'over'> => {
        const { log, events, hasMore } = await follower.next();
        // Whoever is up to date hears so at once, and which incarnation it is.
        if (events.length > 0 || isFirst) {
          const ref = { runId, incarnation: log.incarnation };
          const messages = events.map((event) => eventToProto(event, ref));
          const response = { events: messages, incarnation: log.incarnation, caughtUp: !hasMore };
          await out.send(create(WatchEventsResponseSchema, response));
        }
        isFirst = false;
        if (hasMore) return 'more';
        return log.isOver ? 'over' : 'wait';
      };
      const reason = await followRun(context, key, call, { step });
      if (reason !== undefined) await out.send(create(WatchEventsResponseSchema, { goAway: { reason } }));
    },
  };
}
