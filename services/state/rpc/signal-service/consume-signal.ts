import { create } from '@bufbuild/protobuf';
import {
  type ConsumeSignalRequest,
  type ConsumeSignalResponse,
  ConsumeSignalResponseSchema,
} from '#gen/millrace/state/v1/signal_service_pb.ts';
import type { Event } from '#libs/engine/events/event.ts';
import type { Signal } from '#libs/engine/events/wait-events.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { changeClientRun } from '../client-runs/change-client-run.ts';
import { ReadFirst, readingFirst } from '../client-runs/read-first.ts';
import type { StateContext } from '../context.ts';
import { maybeEntryInMemory } from '../reads/entry-in-memory.ts';
import { eventsAt } from '../reads/events-at.ts';
import { payloadToReadableProto } from '../wire/payload.ts';
import { signalToProto } from '../wire/signal.ts';

/**
 * SignalService.ConsumeSignal: the oldest signal of a name, which is gone in the same commit [33, 38]. The answer with
 * its payload is kept, so that a call whose answer was lost gets the same signal again.
 */
export function createConsumeSignal(context: StateContext): UnaryHandler<ConsumeSignalRequest, ConsumeSignalResponse> {
  return async ({ runId, incarnation, name, requestId }, { tenantId }) => {
    const read = new Map<string, Event>();
    let next: Signal | undefined;
    return await readingFirst(() =>
      changeClientRun(context, {
        key: { tenantId, runId },
        rpc: 'ConsumeSignal',
        incarnation,
        requestId,
        words: [name],
        intent: 'consumeSignal',
        reply: 'consumed',
        response: ConsumeSignalResponseSchema,
        command: (hot) => {
          next = maybeNextSignal(context, hot, name, read);
          return { kind: 'consumeSignal', name };
        },
        answer: ({ received }, { hot }) =>
          create(ConsumeSignalResponseSchema, {
            remaining: hot.run.signals.byName.get(name)?.length ?? 0,
            ...(received === undefined || next === undefined
              ? {}
              : { signal: signalToProto(next, payloadToReadableProto) }),
          }),
      }),
    );
  };
}

/** The signal that is to be consumed next; its payload is in the log, and that in memory only as far as it is young. */
function maybeNextSignal(
  { store }: StateContext,
  hot: HotRun,
  name: string,
  read: Map<string, Event>,
): Signal | undefined {
  const place = hot.run.signals.byName.get(name)?.[0]?.receivedSequence;
  if (hot.run.client === undefined || place === undefined) return undefined;
  const known = `${hot.identity.incarnation} ${place}`;
  const event = maybeEntryInMemory(hot, place) ?? read.get(known);
  if (event === undefined) {
    throw new ReadFirst(async () => {
      for (const found of (await eventsAt(store.tables, hot, [place])).values()) read.set(known, found);
      if (!read.has(known)) throw missing(hot, place);
    });
  }
  if (event.kind === 'systemRecord' && event.record.kind === 'signalReceived') return event.record.signal;
  throw missing(hot, place);
}

function missing({ identity: { runId } }: HotRun, place: number): DomainError {
  return new DomainError('DATA_CORRUPTION', `the log of run ${runId} has no signal at place ${place}`, {
    metadata: { run_id: runId },
  });
}
