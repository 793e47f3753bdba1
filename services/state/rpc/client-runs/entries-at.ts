import type { SystemRecord } from '#libs/engine/events/client-events.ts';
import type { Event } from '#libs/engine/events/event.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { firstOfHundred } from '#libs/partition/runs/segment.ts';
import type { StateTables } from '#libs/store/store.ts';

/**
 * Reads entries of the log of a CLIENT run by their places, those near each other at once.
 *
 * @throws DATA_CORRUPTION for a log that does not decode.
 */
export async function entriesAt(
  tables: Pick<StateTables, 'readSegments'>,
  hot: HotRun,
  places: readonly number[],
): Promise<ReadonlyMap<number, Event>> {
  const found = new Map<number, Event>();
  for (const wanted of Map.groupBy(new Set(places), firstOfHundred).values()) {
    const first = Math.min(...wanted);
    const { events } = await readEvents(tables, hot, {
      afterSequence: 0,
      fromPlace: first,
      maxEvents: Math.max(...wanted) - first + 1,
      maxBytes: Number.MAX_SAFE_INTEGER,
      includeSystem: true,
    });
    for (const [index, event] of events.entries()) found.set(first + index, event);
  }
  return found;
}

/**
 * Reads the record at a place, which has to be of one of some kinds.
 *
 * @throws DATA_CORRUPTION when it is something else.
 */
export async function recordAt<K extends SystemRecord['kind']>(
  tables: Pick<StateTables, 'readSegments'>,
  hot: HotRun,
  place: number,
  kinds: readonly K[],
): Promise<Extract<SystemRecord, { readonly kind: K }>> {
  const entry = (await entriesAt(tables, hot, [place])).get(place);
  return assertRecord(entry, hot, place, kinds);
}

/**
 * The record that an entry is, which has to be of one of some kinds.
 *
 * @throws DATA_CORRUPTION when it is something else.
 */
export function assertRecord<K extends SystemRecord['kind']>(
  entry: Event | undefined,
  { identity }: HotRun,
  place: number,
  kinds: readonly K[],
): Extract<SystemRecord, { readonly kind: K }> {
  if (entry?.kind === 'systemRecord' && (kinds as readonly string[]).includes(entry.record.kind)) {
    return entry.record as Extract<SystemRecord, { readonly kind: K }>;
  }
  throw new DomainError('DATA_CORRUPTION', `place ${place} of the log of run ${identity.runId} holds something else`);
}
