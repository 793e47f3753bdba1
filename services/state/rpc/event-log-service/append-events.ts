import { create } from '@bufbuild/protobuf';
import type { NewClientEvent as NewEventMessage } from '#gen/millrace/state/v1/client_event_pb.ts';
import {
  type AppendEventsRequest,
  type AppendEventsResponse,
  AppendEventsResponseSchema,
} from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { NewClientEvent } from '#libs/engine/commands/client-commands.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { changeClientRun } from '../client-runs/change-client-run.ts';
import { payloadWords } from '../client-runs/payload-words.ts';
import { readingFirst } from '../client-runs/read-first.ts';
import { createSettledPayloads } from '../client-runs/settled-payloads.ts';
import type { StateContext } from '../context.ts';
import { maybeCountFromProto } from '../wire/count.ts';
import { timeFromTimestamp } from '../wire/timestamp.ts';

/** EventLogService.AppendEvents: events of a remote runtime, all or none [57]. */
export function createAppendEvents(context: StateContext): UnaryHandler<AppendEventsRequest, AppendEventsResponse> {
  return async (request, { tenantId, signal }) => {
    const { runId, incarnation, requestId, expectedSequence } = request;
    const wanted = request.events.map(({ data }, index) => ({ payload: data, field: `events[${index}].data` }));
    const times = request.events.map(({ sourceTime }, index) =>
      sourceTime === undefined ? undefined : timeFromTimestamp(sourceTime, `events[${index}].source_time`),
    );
    const payloads = createSettledPayloads(context, signal);
    return await readingFirst(() =>
      changeClientRun(context, {
        key: { tenantId, runId },
        rpc: 'AppendEvents',
        incarnation,
        requestId,
        words: [expectedSequence, request.events.map((event, index) => wordsOf(event, times[index]))],
        intent: 'appendEvents',
        reply: 'appended',
        response: AppendEventsResponseSchema,
        command: (hot) => {
          const data = payloads.take(hot, wanted);
          return {
            kind: 'appendEvents',
            events: request.events.map((event, index) => eventFrom(event, data[index], times[index])),
            expectedSequence: maybeCountFromProto(expectedSequence),
          };
        },
        answer: ({ firstSequence, lastSequence }) =>
          create(AppendEventsResponseSchema, {
            firstSequence: BigInt(firstSequence),
            lastSequence: BigInt(lastSequence),
          }),
      }),
    );
  };
}

function wordsOf({ type, data, metadata }: NewEventMessage, sourceTime: number | undefined): readonly unknown[] {
  return [type, payloadWords(data), sourceTime, Object.entries(metadata).toSorted(byKey)];
}

function byKey([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1;
}

function eventFrom(
  { type, metadata }: NewEventMessage,
  data: Payload | undefined,
  sourceTime: number | undefined,
): NewClientEvent {
  return { type, data, sourceTime, metadata: { ...metadata } };
}
