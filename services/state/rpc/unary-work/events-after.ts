import type { Event as EventMessage } from '#gen/millrace/state/v1/event_pb.ts';
import type { Event } from '#libs/engine/events/event.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { findRun } from '#libs/partition/serve/history.ts';
import type { StateContext } from '../context.ts';
import { eventToProto } from '../wire/event.ts';
import { payloadToReadableProto } from '../wire/payload.ts';
import { missingSignals, withSignals } from './consumed-signals.ts';
import type { LeasedRun } from './leased-run.ts';

/** Events of one answer at most; GetHistory has the rest. */
const MAX_EVENTS = 1_000;
/** Bytes of them at most, as the log keeps them. */
const MAX_BYTES: number = 1024 * 1024;

/**
 * The events of a run after the one that its worker knows, up to one that is durable. Those that do not fit are left out:
 * the last event of the acknowledgement says that there are more.
 *
 * @param hot the run as the call visited it. Absent: the call repeated another one, and the run is looked up.
 */
export async function eventsAfter(
  context: StateContext,
  { tenantId, runId, incarnation }: LeasedRun,
  hot: HotRun | undefined,
  knownSequence: bigint | undefined,
  lastSequence: bigint,
): Promise<EventMessage[]> {
  if (knownSequence === undefined || knownSequence >= lastSequence) return [];
  const key = { tenantId, runId };
  const log = hot ?? (await findRun(context.history, context.node.partitionOf(key), key, incarnation)).hot;
  const window = { afterSequence: Number(knownSequence), maxEvents: MAX_EVENTS, maxBytes: MAX_BYTES };
  const page = await readEvents(context.store.tables, log, window);
  const events = page.events.filter(({ sequence }) => sequence <= lastSequence);
  const received = await readSignals(context, log, events);
  const ref = { runId, incarnation };
  return withSignals(events, (sequence) => received.get(sequence)).map((event) =>
    eventToProto(event, ref, payloadToReadableProto),
  );
}

async function readSignals(
  { store }: StateContext,
  log: HotRun,
  events: readonly Event[],
): Promise<ReadonlyMap<number, Payload | undefined>> {
  const received = new Map<number, Payload | undefined>();
  for (const sequence of missingSignals(events)) {
    const window = { afterSequence: sequence - 1, maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER };
    const [event] = (await readEvents(store.tables, log, window)).events;
    if (event?.kind === 'signalReceived') received.set(sequence, event.signal.payload);
  }
  return received;
}
