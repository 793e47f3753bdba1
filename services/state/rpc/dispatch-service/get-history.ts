import { create } from '@bufbuild/protobuf';
import {
  type GetHistoryRequest,
  type GetHistoryResponse,
  GetHistoryResponseSchema,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { type EventPage, readEventPage } from '../reads/event-page.ts';
import type { DurableLog } from '../reads/read-log.ts';
import { createRunNews } from '../reads/run-news.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';

/** What of the caller's time is left for the answer. */
const MARGIN_MS = 250;

/**
 * DispatchService.GetHistory: events of a SERVER run, as its code needs them for replay. When there is none it waits for
 * one, unless the run has ended.
 */
export function createGetHistory(context: StateContext): UnaryHandler<GetHistoryRequest, GetHistoryResponse> {
  return async (request, { tenantId, signal, remainingMs = Infinity }) => {
    const { runId, incarnation, afterSequence, pageSize, pageToken } = request;
    const key = { tenantId, runId };
    const waitMs = Math.min(maybeMsFromDuration(request.wait) ?? 0, remainingMs - MARGIN_MS);
    const untilMs = performance.now() + waitMs;
    const news = createRunNews(context.node.partitionOf(key), key);
    try {
      for (;;) {
        news.take();
        const page = await readEventPage(context, {
          list: 'history',
          key,
          incarnation,
          afterSequence,
          includeSystem: false,
          pageSize,
          pageToken,
          assertLog: assertServer,
        });
        const leftMs = untilMs - performance.now();
        if (page.events.length > 0 || page.isOver || leftMs <= 0) return answerFrom(page);
        await news.next([signal], leftMs);
        signal.throwIfAborted();
        if (news.isLost) {
          throw new DomainError('UNAVAILABLE', 'the partition of the run has another owner', { retryAfterMs: 250 });
        }
      }
    } finally {
      news.stop();
    }
  };
}

function answerFrom({ events, nextPageToken, lastSequence }: EventPage): GetHistoryResponse {
  return create(GetHistoryResponseSchema, { events, nextPageToken, lastSequence });
}

function assertServer({ driver }: DurableLog): void {
  if (driver === 'SERVER') return;
  throw new DomainError('WRONG_DRIVER', 'the history of a run that its client drives is its event log', {
    metadata: { driver },
  });
}
