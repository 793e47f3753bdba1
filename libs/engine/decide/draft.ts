import type { SystemRecord } from '../events/client-events.ts';
import type { Event, EventBody } from '../events/event.ts';
import type { Run } from '../model/run.ts';
import type { Decision, Reply } from './decision.ts';

/** The events that one command adds, while they are being written. */
export interface Draft {
  readonly events: Event[];
  readonly time: number;
  /** The number of the last event so far. */
  sequence: number;
  /** The place of the last entry of the log so far; of a SERVER run the same as the number. */
  place: number;
}

/** A draft after the last event of the run. */
export function createDraft(run: Run, now: number): Draft {
  const { lastSequence, client } = run;
  return { events: [], time: now, sequence: lastSequence, place: lastSequence + (client?.records ?? 0) };
}

/** Adds an event with the next number and answers the number. The body becomes the event: it is nobody else's. */
export function append(draft: Draft, body: EventBody): number {
  draft.sequence += 1;
  draft.place += 1;
  const event = body as EventBody & { sequence: number; eventTime: number };
  event.sequence = draft.sequence;
  event.eventTime = draft.time;
  draft.events.push(event);
  return draft.sequence;
}

/** Adds a system record, which takes no number, and answers its place. */
export function appendRecord(draft: Draft, record: SystemRecord): number {
  draft.place += 1;
  draft.events.push({ kind: 'systemRecord', record, sequence: draft.sequence, eventTime: draft.time });
  return draft.place;
}

/** Adds what happened to an item as the log of the run's driver says it, and answers its place. */
export function appendItem(run: Run, draft: Draft, body: EventBody & SystemRecord): number {
  if (run.identity.driver === 'CLIENT') return appendRecord(draft, body);
  return append(draft, body);
}

/** The decision to append what was drafted. */
export function appended(draft: Draft, reply: Reply): Decision {
  return { kind: 'append', events: draft.events, reply };
}

/** The acknowledgement of a worker's frame after what was drafted. */
export function ack(ordinal: number, lastSequence: number, settled: boolean): Reply {
  return { kind: 'ack', ordinal, lastSequence, settled };
}
