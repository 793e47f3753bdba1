import type { ReadyEntry } from '#libs/partition/ready/ready-entry.ts';
import type { ReadyLists } from '#libs/partition/ready/ready-lists.ts';
import { tagSetOf } from '#libs/partition/rows/item-rows.ts';
import { ALL_SLOTS } from '#libs/store/slots.ts';
import type { ItemTable, ListCursor } from '#libs/store/tables/items.ts';

/** Rows of one read. */
const PAGE_ROWS = 500;
/** Rows that are counted at most: who is that far behind need not know it exactly. */
const MAX_COUNTED = 2_000;
/** What a step of priority is worth in waiting. */
const AGING_MS = 300_000;
const PRIORITIES = [1, 2, 3, 4, 5] as const;

/**
 * How many items of its queue stand before an item, by their rows, which lag by a moment; at most about 2 000 are counted.
 * What has other tags is looked at where it waits at this node.
 */
export async function itemsAhead(
  tables: Pick<ItemTable, 'readyHead'>,
  lists: Pick<ReadyLists, 'heads'>,
  { tenantId, queue, tags, priority, scheduleTime }: ReadyEntry,
): Promise<number> {
  const tagSets = new Set([tagSetOf(tags)]);
  for (const head of lists.heads(tenantId)) if (head.queue === queue) tagSets.add(tagSetOf(head.tags));
  let ahead = 0;
  for (const tagSet of tagSets) {
    for (const level of PRIORITIES) {
      // What waits since before this moment is the next one first.
      const before = scheduleTime + (priority - level) * AGING_MS;
      ahead += await countBefore(tables, { tenantId, queue, tagSet, priority: level }, before, MAX_COUNTED - ahead);
      if (ahead >= MAX_COUNTED) return ahead;
    }
  }
  return ahead;
}

async function countBefore(
  tables: Pick<ItemTable, 'readyHead'>,
  list: Parameters<ItemTable['readyHead']>[1],
  before: number,
  limit: number,
): Promise<number> {
  let count = 0;
  let after: ListCursor | undefined;
  while (count < limit) {
    const rows = await tables.readyHead(ALL_SLOTS, list, PAGE_ROWS, after);
    const earlier = rows.filter(({ state }) => state.kind === 'ready' && state.since < before);
    count += earlier.length;
    const last = rows.at(-1);
    if (last?.state.kind !== 'ready' || earlier.length < rows.length || rows.length < PAGE_ROWS) return count;
    const { tenantId, runId, incarnation, itemId } = last;
    after = { tenantId, runId, incarnation, itemId, since: last.state.since };
  }
  return count;
}
