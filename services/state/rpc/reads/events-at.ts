import type { Event } from '#libs/engine/events/event.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { firstOfHundred } from '#libs/partition/runs/segment.ts';
import type { StateTables } from '#libs/store/store.ts';

/**
 * Reads events of a SERVER run by their numbers, those near each other at once. What is not there is left out.
 *
 * @throws DATA_CORRUPTION for a log that does not decode.
 */
export async function eventsAt(
  tables: Pick<StateTables, 'readSegments'>,
  hot: HotRun,
  sequences: readonly number[],
): Promise<ReadonlyMap<number, Event>> {
  const found = new Map<number, Event>();
  const byHundred = Map.groupBy(new Set(sequences), firstOfHundred);
  for (const wanted of byHundred.values()) {
    const first = Math.min(...wanted);
    const window = {
      afterSequence: first - 1,
      maxEvents: Math.max(...wanted) - first + 1,
      maxBytes: Number.MAX_SAFE_INTEGER,
    };
    for (const event of (await readEvents(tables, hot, window)).events) found.set(event.sequence, event);
  }
  return found;
}
