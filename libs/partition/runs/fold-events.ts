import type { Event } from '#libs/engine/events/event.ts';
import { evolve } from '#libs/engine/evolve/evolve.ts';
import { createByteWriter, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { encodeEvent } from '#libs/engine/log/event-codec.ts';
import { maybeItemId } from '#libs/engine/model/client-path.ts';
import { decodeEvents, type EventBytes, splitEvents } from './event-bytes.ts';
import type { HotRun } from './hot-run.ts';
import { copyPayload } from './own-bytes.ts';
import { copyRunEnd, runEndOf } from './run-end.ts';
import { hasLargeSave, noSavedPayloads, withoutPayloads } from './saved-snapshots.ts';

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
  const deadRows = new Map(hot.deadRows);
  const decoded = decodeEvents(fresh, hot.baseTime);
  for (const [index, event] of decoded.entries()) {
    evolve(hot.run, event);
    const ended = runEndOf(event);
    if (ended !== undefined) hot.ended = copyRunEnd(ended);
    // The owner before may have written its row, in a round that did not come to its end.
    if (makesItem(event)) itemRows.add(fresh.firstSequence + index);
    noteDeadLetter(event, deadRows);
  }
  hot.itemRows = itemRows;
  hot.deadRows = deadRows;
  hot.tail.push(hasLargeSave(decoded) ? keptBytes(hot, decoded, fresh.firstSequence) : fresh);
  hot.isDirty = true;
  return true;
}

/** Whether an entry of a log makes an item, whose number is the place of the entry. */
function makesItem(event: Event): boolean {
  if (event.kind !== 'systemRecord') return event.kind === 'taskScheduled';
  return event.record.kind === 'taskScheduled' || event.record.kind === 'itemEnqueued';
}

/** Notes the dead letter that an entry of a log makes: its row may have been written too. */
function noteDeadLetter(event: Event, deadRows: Map<string, string>): void {
  if (event.kind !== 'systemRecord' || event.record.kind !== 'itemDied') return;
  const { deadLetterId, nodePath } = event.record;
  deadRows.set(deadLetterId, maybeItemId(nodePath) ?? '');
}

/** The events as the log keeps them; their payloads are copied, because they are parts of the record that was read. */
function keptBytes(hot: HotRun, events: readonly Event[], firstSequence: number): EventBytes {
  hot.saved ??= noSavedPayloads();
  const kept = withoutPayloads(events, hot.saved);
  for (const [version, payload] of hot.saved.waiting) hot.saved.waiting.set(version, copyPayload(payload));
  const writer = createByteWriter(KEPT_BYTES);
  for (const event of kept) encodeEvent(writer, event, hot.baseTime);
  return { firstSequence, count: kept.length, bytes: writtenBytes(writer) };
}

const KEPT_BYTES = 1_024;
