import type { ListName, ReadyEntry } from './ready-entry.ts';
import type { ShapeGroup } from './shape-group.ts';

/** An entry's place in its lane. */
export interface Place {
  readonly entry: ReadyEntry;
  readonly lane: Lane;
  readonly arrival: number;
  previous: Place | undefined;
  next: Place | undefined;
}

/** The entries of a list whose last attempt failed on the same worker, or on none: the oldest first. */
interface Lane {
  readonly list: ReadyList;
  readonly failedWorkerId: string;
  first: Place | undefined;
  last: Place | undefined;
}

/** One list: the entries of a tenant, definition, queue, tag set and priority. Only the ready lists write to it. */
export interface ReadyList {
  readonly key: string;
  readonly name: ListName;
  /** The shapes whose workers may have its entries. */
  readonly groups: Set<ShapeGroup>;
  /** Lanes with entries, by the worker that failed. A claim skips one lane, never single entries. */
  readonly lanes: Map<string, Lane>;
  size: number;
  /** Whether there are entries behind the last one that are only in the tables. */
  hasMore: boolean;
  /** How many entries were sent to the tables since the list exists. */
  spilledCount: number;
}

/** Makes an empty list. */
export function createReadyList(key: string, named: ListName): ReadyList {
  const { tenantId, workflow, version, queue, tags, priority, avoidedBuild } = named;
  // A copy, because the entry that it comes from is gone long before the list.
  const avoided = avoidedBuild === undefined ? undefined : { avoidedBuild };
  const name = { tenantId, workflow, version, queue, tags, priority, ...avoided };
  return { key, name, groups: new Set(), lanes: new Map(), size: 0, hasMore: false, spilledCount: 0 };
}

/**
 * Puts an entry in. It is looked for its place from both ends at once: what is new stands at the end, and what comes
 * back after a while near the front.
 */
export function insertEntry(list: ReadyList, entry: ReadyEntry, arrival: number): Place {
  let lane = list.lanes.get(entry.failedWorkerId);
  if (lane === undefined) {
    lane = { list, failedWorkerId: entry.failedWorkerId, first: undefined, last: undefined };
    list.lanes.set(entry.failedWorkerId, lane);
  }
  const place: Place = { entry, lane, arrival, previous: undefined, next: undefined };
  let before = lane.last;
  let after = lane.first;
  for (;;) {
    if (before === undefined || before.entry.scheduleTime <= entry.scheduleTime) {
      after = before === undefined ? lane.first : before.next;
      break;
    }
    if (after === undefined || after.entry.scheduleTime > entry.scheduleTime) {
      before = after?.previous;
      break;
    }
    before = before.previous;
    after = after.next;
  }
  place.previous = before;
  place.next = after;
  if (before === undefined) lane.first = place;
  else before.next = place;
  if (after === undefined) lane.last = place;
  else after.previous = place;
  list.size += 1;
  return place;
}

/** Takes an entry out, in O(1). */
export function removePlace(place: Place): void {
  const { lane, previous, next } = place;
  // One that has gone and is not collected yet would keep all those alive that came after it.
  place.previous = undefined;
  place.next = undefined;
  if (previous === undefined) lane.first = next;
  else previous.next = next;
  if (next === undefined) lane.last = previous;
  else next.previous = previous;
  lane.list.size -= 1;
  if (lane.first === undefined) lane.list.lanes.delete(lane.failedWorkerId);
}
