import type { DispatchOrder } from './dispatch-order.ts';
import type { ReadyEntry } from './ready-entry.ts';
import type { Place, ReadyList } from './ready-list.ts';

/** What is looked for among the entries of some lists. */
export interface EntryLook {
  /** What failed on this worker comes after everything else. Empty: nobody in particular. */
  readonly workerId: string;
  readonly order: DispatchOrder;
  readonly limit: number;
}

interface Cursor {
  readonly isLast: boolean;
  place: Place;
}

/** The best entries of some lists, in the order in which one worker would get them. None of them is taken. */
export function bestEntries(lists: Iterable<ReadyList>, { workerId, order, limit }: EntryLook): readonly ReadyEntry[] {
  const cursors: Cursor[] = [];
  for (const { lanes } of lists) {
    for (const { first, failedWorkerId } of lanes.values()) {
      if (first !== undefined) cursors.push({ place: first, isLast: workerId !== '' && failedWorkerId === workerId });
    }
  }
  const compare = (a: Cursor, b: Cursor): number =>
    Number(a.isLast) - Number(b.isLast) || order(a.place.entry, b.place.entry) || a.place.arrival - b.place.arrival;
  cursors.sort(compare);
  const best: ReadyEntry[] = [];
  for (let next = cursors.shift(); next !== undefined && best.length < limit; next = cursors.shift()) {
    best.push(next.place.entry);
    if (next.place.next !== undefined) insert(cursors, { ...next, place: next.place.next }, compare);
  }
  return best;
}

/** Puts a cursor where it belongs among sorted ones. */
function insert(cursors: Cursor[], cursor: Cursor, compare: (a: Cursor, b: Cursor) => number): void {
  let low = 0;
  let high = cursors.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(cursors[middle] as Cursor, cursor) <= 0) low = middle + 1;
    else high = middle;
  }
  cursors.splice(low, 0, cursor);
}
