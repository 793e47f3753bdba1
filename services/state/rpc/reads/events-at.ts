import type { Event } from '#libs/engine/events/event.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { firstOfHundred } from '#libs/partition/runs/segment.ts';
import type { StateTables } from '#libs/store/store.ts';

/**
 * Reads entries of a log by their places, those near each other at once; of a SERVER run these are the numbers of its
 * events. What is not there is left out.
 *
 * @throws DATA_CORRUPTION for a log that does not decode.
 */
export async function eventsAt(
  tables: Pick<StateTables, 'readSegments'>,
  hot: HotRun,
  places: readonly number[],
): Promise<ReadonlyMap<number, Event>> {
  const found = new Map<number, Event>();
  const byHundred = Map.groupBy(new Set(places), firstOfHundred);
  for (const wanted of byHundred.values()) {
    const first = Math.min(...wanted);
    const window = {
      afterSequence: 0,
      fromPlace: first,
      includeSystem: true,
      maxEvents: Math.max(...wanted) - first + 1,
      maxBytes: Number.MAX_SAFE_INTEGER,
    };
    const { events } = await readEvents(tables, hot, window);
    for (const [index, event] of events.entries()) found.set(first + index, event);
  }
  return found;
}
