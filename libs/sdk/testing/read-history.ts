import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { eventFromJson } from './event-from-json.ts';

/**
 * The log of a run: what `millrace run history --json` prints, at once or piece by piece as from a file that is read; or
 * its lines as values; or events.
 */
export type History = string | Iterable<unknown> | AsyncIterable<string | Uint8Array>;

/**
 * Reads a log.
 *
 * @throws INVALID_FIELDS for what is no log, or not the whole of one from its first event on.
 */
export async function readHistory(history: History): Promise<readonly Event[]> {
  const events: Event[] = [];
  if (typeof history === 'string') {
    for (const line of history.split('\n')) takeLine(line, events);
  } else if (Symbol.asyncIterator in history) {
    for await (const line of linesOf(history)) takeLine(line, events);
  } else {
    for (const one of history) take(one, events);
  }
  assertWhole(events);
  return events;
}

async function* linesOf(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + (typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true }))).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

function takeLine(line: string, events: Event[]): void {
  if (line.trim() === '') return;
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw invalid(`history[${events.length}]`, 'must be a line of JSON', cause);
  }
  take(json, events);
}

function take(given: unknown, events: Event[]): void {
  const field = `history[${events.length}]`;
  if (typeof given !== 'object' || given === null) throw invalid(field, 'must be an event');
  const inner = 'event' in given ? given.event : given;
  const event = isEvent(inner) ? inner : eventFromJson(inner, field);
  // What the server did beside the log was asked for with the log.
  if (event.kind.case !== 'systemRecord') events.push(event);
}

function isEvent(given: unknown): given is Event {
  return (given as Partial<Event> | null)?.$typeName === 'millrace.state.v1.Event';
}

function assertWhole(events: readonly Event[]): void {
  if (events[0]?.kind.case !== 'runStarted') throw invalid('history', 'must begin with the start of a run');
  events.forEach(({ sequence }, index) => {
    if (Number(sequence) !== index + 1) throw invalid('history', `must have event ${index + 1} at its place`);
  });
}

function invalid(field: string, description: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_FIELDS', `${field} ${description}`, { violations: [{ field, description }], cause });
}
