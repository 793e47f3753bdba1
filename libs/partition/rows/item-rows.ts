import { createHash } from 'node:crypto';
import { createByteReader, readByte } from '#libs/engine/log/byte-reader.ts';
import { writeByte } from '#libs/engine/log/byte-writer.ts';
import { list, object, text, varint } from '#libs/engine/log/codec.ts';
import { itemIdFrom } from '#libs/engine/model/lease.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { ItemRow } from '#libs/store/tables/items.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { offerableNodes, readyEntryOf, readyItemOf } from '../runs/ready-entry-of.ts';
import { packBody } from './pack-body.ts';

/** The format that is written. */
const FORMAT = 1;

type ItemFields = Pick<
  ReadyEntry,
  'nodePath' | 'itemSequence' | 'workflow' | 'version' | 'failedWorkerId' | 'tags' | 'scheduleTime'
>;

const fields = object<ItemFields>({
  nodePath: text,
  itemSequence: varint,
  workflow: text,
  version: text,
  failedWorkerId: text,
  tags: list(text),
  scheduleTime: varint,
});

/** The longest tag set that is written as it is: tables keep texts of a kilobyte. */
const MAX_TAG_SET_BYTES = 1000;

/** The items of a run that wait for a worker, by the event that scheduled them. */
export type ReadyItems = ReadonlyMap<number, ReadyEntry>;

const NONE: ReadyItems = new Map();

/** The items that have a row: those that may be offered at this time. */
export function readyItemsOf(hot: HotRun, now: number): ReadyItems {
  let ready: Map<number, ReadyEntry> | undefined;
  for (const node of offerableNodes(hot.run, now)) {
    const item = readyItemOf(node);
    if (item === undefined) continue;
    ready ??= new Map();
    ready.set(item.itemSequence, readyEntryOf(hot.run, item));
  }
  return ready ?? NONE;
}

/**
 * Deletes the rows, also those that may never have been written, of items that wait no longer. From then on they do not
 * stand, whether the round succeeds or not: an item of a run that was paused waits again.
 */
export function deleteItemRows(hot: HotRun, ready: ReadyItems, writes: RowWrite[]): void {
  const { tenantId, runId, incarnation } = hot.identity;
  for (const sequence of hot.itemRows) {
    if (ready.has(sequence)) continue;
    if (hot.standingItems.has(sequence)) {
      hot.standingItems = new Set([...hot.standingItems].filter((standing) => ready.has(standing)));
    }
    const itemId = itemIdFrom(incarnation, sequence);
    writes.push({ table: 'items', delete: { tenantId, runId, incarnation, itemId } });
  }
}

/** Puts the rows of items that wait, unless they are known to stand. */
export function putItemRows(hot: HotRun, ready: ReadyItems, writes: RowWrite[]): void {
  for (const [sequence, entry] of ready) {
    if (!hot.standingItems.has(sequence)) writes.push({ table: 'items', put: itemRow(entry) });
  }
}

function itemRow(entry: ReadyEntry): ItemRow {
  const { tenantId, runId, incarnation, itemSequence, queue, tags, priority, scheduleTime } = entry;
  return {
    tenantId,
    runId,
    incarnation,
    itemId: itemIdFrom(incarnation, itemSequence),
    queue,
    tagSet: tagSetOf(tags),
    priority,
    state: { kind: 'ready', since: scheduleTime },
    body: packBody((writer) => {
      writeByte(writer, FORMAT);
      fields.write(writer, entry);
    }),
  };
}

/** Names a set of tags: the same text for the same set, which the tables can keep. The tags themselves are in the body. */
export function tagSetOf(tags: readonly string[]): string {
  if (tags.length === 0) return '';
  const set = JSON.stringify(tags.toSorted());
  return Buffer.byteLength(set) <= MAX_TAG_SET_BYTES ? set : createHash('sha256').update(set).digest('hex');
}

/**
 * The entry that a ready item's row stands for.
 *
 * @throws LogError UNKNOWN_VERSION, TRUNCATED or MALFORMED when it does not decode.
 */
export function entryFromRow(row: ItemRow): ReadyEntry {
  const reader = createByteReader(row.body);
  const format = readByte(reader);
  if (format !== FORMAT) throw new LogError('UNKNOWN_VERSION', `items of format ${format} are not known`);
  const read = fields.read(reader);
  if (reader.position !== reader.end) {
    throw new LogError('MALFORMED', `${reader.end - reader.position} bytes follow an item`);
  }
  const { tenantId, runId, incarnation, queue, priority } = row;
  return { ...read, tenantId, runId, incarnation, queue, priority };
}
