import type { Event, EventOf } from '#libs/engine/events/event.ts';

/** How a run ended, if an event says so: the end of a SERVER run, or the record of the end of a CLIENT run. */
export function runEndOf(event: Event): EventOf<'runEnded'> | undefined {
  if (event.kind === 'runEnded') return event;
  if (event.kind !== 'systemRecord' || event.record.kind !== 'runEnded') return undefined;
  return { ...event.record, sequence: event.sequence, eventTime: event.eventTime };
}
