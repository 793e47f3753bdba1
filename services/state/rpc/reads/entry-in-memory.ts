import type { Event } from '#libs/engine/events/event.ts';
import { createByteReader } from '#libs/engine/log/byte-reader.ts';
import { decodeEvent } from '#libs/engine/log/event-codec.ts';
import { nextSequence, splitEvents } from '#libs/partition/runs/event-bytes.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';

/** The entry at a place of a log, where it is in memory. Its payload is a view into that. */
export function maybeEntryInMemory({ tail, baseTime }: HotRun, place: number): Event | undefined {
  if (place < tail.firstSequence || place >= tail.nextSequence) return undefined;
  for (const chunk of tail.chunks) {
    if (place >= nextSequence(chunk)) continue;
    const [, from] = splitEvents(chunk, place);
    return decodeEvent(createByteReader(from.bytes), baseTime);
  }
  return undefined;
}
