import { create } from '@bufbuild/protobuf';
import {
  type ListEventsRequest,
  type ListEventsResponse,
  ListEventsResponseSchema,
} from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { readEventPage } from '../reads/event-page.ts';

/** EventLogService.ListEvents: the events of a run in order, whoever drives it [58]. */
export function createListEvents(context: StateContext): UnaryHandler<ListEventsRequest, ListEventsResponse> {
  return async ({ runId, incarnation, afterSequence, includeSystem, pageSize, pageToken }, { tenantId }) => {
    const { events, nextPageToken, lastSequence } = await readEventPage(context, {
      list: 'events',
      key: { tenantId, runId },
      incarnation,
      afterSequence,
      includeSystem,
      pageSize,
      pageToken,
    });
    return create(ListEventsResponseSchema, { events, nextPageToken, lastSequence });
  };
}
