import type { SystemRecord } from '#libs/engine/events/client-events.ts';
import type { Event } from '#libs/engine/events/event.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { StateTables } from '#libs/store/store.ts';
import { eventsAt } from '../reads/events-at.ts';

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
  const entry = (await eventsAt(tables, hot, [place])).get(place);
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
