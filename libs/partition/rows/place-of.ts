import { createByteReader } from '#libs/engine/log/byte-reader.ts';
import { decodeEvent } from '#libs/engine/log/event-codec.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import { EVENTS_PER_SEGMENT } from '#libs/store/tables/segments.ts';
import { decodeEvents, type EventBytes, nextSequence } from '../runs/event-bytes.ts';
import { firstOfHundred } from '../runs/segment.ts';
import type { SegmentReader } from './segment-reader.ts';

/**
 * The place of an event in the log of a CLIENT run, of which the number alone does not tell where it stands, because
 * system records stand between events. The segments before those in memory are searched by halves.
 *
 * @throws LogError INCONSISTENT when it is nowhere, and what reading segments throws.
 */
export async function placeOf(
  segments: SegmentReader,
  memory: readonly EventBytes[],
  baseTime: number,
  sequence: number,
): Promise<number> {
  const [first] = memory;
  if (first !== undefined && isAtOrAfter(first, baseTime, sequence)) {
    for (const chunk of memory) {
      const place = placeIn(chunk, baseTime, sequence);
      if (place !== undefined) return place;
    }
  }
  // A place is never lower than the number of its event.
  let low = firstOfHundred(sequence);
  let high = firstOfHundred(Math.max(segments.end - 1, 1));
  while (low < high) {
    const middle = low + Math.ceil((high - low) / EVENTS_PER_SEGMENT / 2) * EVENTS_PER_SEGMENT;
    if (isAtOrAfter(await segments.read(middle, 1), baseTime, sequence)) low = middle;
    else high = middle - EVENTS_PER_SEGMENT;
  }
  const limit = Math.min(low + EVENTS_PER_SEGMENT, segments.end);
  for (let at = low; at < limit; ) {
    const segment = await segments.read(at, 1);
    const place = placeIn(segment, baseTime, sequence);
    if (place !== undefined) return place;
    at = nextSequence(segment);
  }
  throw new LogError('INCONSISTENT', `event ${sequence} stands nowhere in the log`);
}

/** Whether an event can stand in some events or behind them, by the first of them. */
function isAtOrAfter({ bytes }: EventBytes, baseTime: number, sequence: number): boolean {
  const first = decodeEvent(createByteReader(bytes), baseTime);
  // A system record comes after the event whose number it has.
  return first.kind === 'systemRecord' ? first.sequence < sequence : first.sequence <= sequence;
}

function placeIn(events: EventBytes, baseTime: number, sequence: number): number | undefined {
  const index = decodeEvents(events, baseTime).findIndex(
    (event) => event.kind !== 'systemRecord' && event.sequence === sequence,
  );
  return index < 0 ? undefined : events.firstSequence + index;
}
