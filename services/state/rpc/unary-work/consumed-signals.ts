import type { Event, EventOf } from '#libs/engine/events/event.ts';
import type { Payload } from '#libs/engine/model/payload.ts';

/**
 * Events in which a consumed signal has what it carried, although the log has that once, with the event that buffered the
 * signal: a simple client does not look there.
 *
 * @param maybeReceived what the event carries that buffered a signal, where it is not among these.
 */
export function withSignals(
  events: readonly Event[],
  maybeReceived: (receivedSequence: number) => Payload | undefined,
): readonly Event[] {
  if (!events.some(isBuffered)) return events;
  const received = new Map<number, Payload | undefined>();
  return events.map((event) => {
    if (event.kind === 'signalReceived') received.set(event.sequence, event.signal.payload);
    if (!isBuffered(event)) return event;
    const { receivedSequence } = event;
    const payload = received.has(receivedSequence) ? received.get(receivedSequence) : maybeReceived(receivedSequence);
    return { ...event, payload };
  });
}

/** The events that buffered signals which are consumed here, and are not among these. */
export function missingSignals(events: readonly Event[]): readonly number[] {
  const first = events[0]?.sequence ?? 0;
  return events
    .filter(isBuffered)
    .flatMap(({ receivedSequence }) => (receivedSequence < first ? [receivedSequence] : []));
}

function isBuffered(event: Event): event is EventOf<'signalConsumed'> {
  return event.kind === 'signalConsumed' && event.payload === undefined && event.receivedSequence > 0;
}
