import type { Event } from '#libs/engine/events/event.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { StateTables } from '#libs/store/store.ts';

/**
 * Reads the entry at a place of a CLIENT run's log; what stands there never changes. Undefined: there is none.
 *
 * @throws DATA_CORRUPTION for a log that does not decode.
 */
export async function maybeEntryAt(
  tables: Pick<StateTables, 'readSegments'>,
  hot: HotRun,
  place: number,
): Promise<Event | undefined> {
  const window = { afterSequence: 0, maxEvents: 1, maxBytes: 1, includeSystem: true, fromPlace: place };
  const [event] = (await readEvents(tables, hot, window)).events;
  return event;
}
