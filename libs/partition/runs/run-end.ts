import type { Event, EventOf } from '#libs/engine/events/event.ts';
import { copyPayload } from './own-bytes.ts';

/** How a run ended, if an event says so: the end of a SERVER run, or the record of the end of a CLIENT run. */
export function runEndOf(event: Event): EventOf<'runEnded'> | undefined {
  if (event.kind === 'runEnded') return event;
  if (event.kind !== 'systemRecord' || event.record.kind !== 'runEnded') return undefined;
  return { ...event.record, sequence: event.sequence, eventTime: event.eventTime };
}

/** The same end, which does not keep in memory what it was read from. */
export function copyRunEnd(ended: EventOf<'runEnded'>): EventOf<'runEnded'> {
  const { output, failure } = ended;
  const details = failure?.details;
  return {
    ...ended,
    output: output === undefined ? undefined : copyPayload(output),
    failure: details === undefined || failure === undefined ? failure : { ...failure, details: copyPayload(details) },
  };
}
