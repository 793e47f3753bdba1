import type { Event } from '#libs/engine/events/event.ts';
import { evolve } from '#libs/engine/evolve/evolve.ts';
import { decodeEvents, type EventBytes, splitEvents } from './event-bytes.ts';
import type { HotRun } from './hot-run.ts';
import { copyRunEnd, runEndOf } from './run-end.ts';

/**
 * Folds what of some events of the journal a run does not have yet, because the tables behind it may know some of them
 * already: an event applies only if it is the next one. Answers whether there was any. [journal.md 12]
 *
 * @throws LogError for events that cannot be read or folded; the run is of no use then.
 */
export function foldEvents(hot: HotRun, events: EventBytes): boolean {
  const [, fresh] = splitEvents(events, hot.tail.nextSequence);
  if (fresh.count === 0) return false;
  const itemRows = new Set(hot.itemRows);
  for (const [index, event] of decodeEvents(fresh, hot.baseTime).entries()) {
    evolve(hot.run, event);
    const ended = runEndOf(event);
    if (ended !== undefined) hot.ended = copyRunEnd(ended);
    // The owner before may have written its row, in a round that did not come to its end.
    if (makesItem(event)) itemRows.add(fresh.firstSequence + index);
  }
  hot.itemRows = itemRows;
  hot.tail.push(fresh);
  hot.isDirty = true;
  return true;
}

/** Whether an entry of a log makes an item, whose number is the place of the entry. */
function makesItem(event: Event): boolean {
  if (event.kind !== 'systemRecord') return event.kind === 'taskScheduled';
  return event.record.kind === 'taskScheduled' || event.record.kind === 'itemEnqueued';
}
