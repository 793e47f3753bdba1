import type { SystemRecord } from '#libs/engine/events/client-events.ts';
import type { Event } from '#libs/engine/events/event.ts';
import { MAX_SNAPSHOTS } from '#libs/engine/model/client-state.ts';
import type { Payload } from '#libs/engine/model/payload.ts';

/** What of a snapshot's payload stays in the log; more has a row of its own, which goes when its version is not kept. */
const INLINE_BYTES = 256;

/** The payloads of snapshots that a runtime saved, as far as they are not in the log of the run. */
export interface SavedPayloads {
  /** Those that have no row yet, by version. */
  readonly waiting: Map<number, Payload>;
  /** The versions that may have a row: those of rounds that failed included. */
  readonly rows: Set<number>;
}

/** No payloads. */
export function noSavedPayloads(): SavedPayloads {
  return { waiting: new Map(), rows: new Set() };
}

type SnapshotSaved = Extract<SystemRecord, { readonly kind: 'snapshotSaved' }>;

/** The record of a snapshot whose payload is not to stay in the log. Undefined: the event is something else. */
function maybeLargeSave(event: Event): SnapshotSaved | undefined {
  if (event.kind !== 'systemRecord' || event.record.kind !== 'snapshotSaved') return undefined;
  return (event.record.payload?.data?.length ?? 0) > INLINE_BYTES ? event.record : undefined;
}

/** Whether some events have payloads that the log is to be kept without. */
export function hasLargeSave(events: readonly Event[]): boolean {
  return events.some((event) => maybeLargeSave(event) !== undefined);
}

/** Events as the log keeps them. What is taken from them waits for its row, of the versions that are kept. */
export function withoutPayloads(events: readonly Event[], saved: SavedPayloads): readonly Event[] {
  return events.map((event) => {
    const record = maybeLargeSave(event);
    if (event.kind !== 'systemRecord' || record?.payload === undefined) return event;
    saved.waiting.set(record.version, record.payload);
    saved.waiting.delete(record.version - MAX_SNAPSHOTS);
    return { ...event, record: { ...record, payload: undefined } };
  });
}
