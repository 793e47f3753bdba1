import type { StateTables } from '#libs/store/store.ts';
import type { HeadRow } from '#libs/store/tables/heads.ts';
import type { ItemRow } from '#libs/store/tables/items.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { freeItemRow, headRow, signal } from './rows.ts';

/** When the first run started. */
export const FIRST_START = 1_700_000_000_000;
/** The tenant of the rows. */
export const LARGE_TENANT = 'large';

const BODY = new Uint8Array(200).fill(7);

/** One of many heads: in 70 groups and a few of a rare status, a quarter of them unfinished and due at some time. */
function manyHeads(index: number): HeadRow {
  const isOpen = index % 4 === 0;
  return headRow({
    tenantId: LARGE_TENANT,
    runId: runIdOf(index),
    workflow: `workflow ${index % 7}`,
    version: String(index % 5),
    status: index % 1_000 === 7 ? 'FAILED' : isOpen ? 'RUNNING' : 'COMPLETED',
    startTime: FIRST_START + index,
    ...(isOpen ? { nextWakeTime: FIRST_START + index * 10 } : { closeTime: FIRST_START + index }),
    expireTime: FIRST_START + index,
    attributes: {
      amount: { type: 'integer', value: BigInt(index) },
      customer: { type: 'keyword', value: `customer ${index % 2_000}` },
      region: { type: 'keyword', value: index % 3 === 0 ? 'eu' : 'us' },
    },
    body: BODY,
  });
}

/** One of many items: ready ones in three lists, and as many that wait. */
export function manyItems(index: number): ItemRow {
  return freeItemRow(`item ${index}`, {
    tenantId: LARGE_TENANT,
    queue: 'queue',
    priority: 1 + (index % 3),
    state:
      index % 2 === 0 ? { kind: 'ready', since: FIRST_START + index } : { kind: 'waiting', until: FIRST_START + index },
    body: BODY,
  });
}

/** The id of one of many runs. Neighbours in time are far apart in the order of ids. */
export function runIdOf(index: number): string {
  return `run ${((index * 7_919) % 1_000_003).toString(36)} ${index}`;
}

/** Writes as many heads and as many items, in rounds as an owner does. */
export async function fillTables(tables: StateTables, count: number): Promise<void> {
  const roundRows = 1_000;
  for (let start = 0; start < count; start += roundRows) {
    const indexes = Array.from({ length: Math.min(roundRows, count - start) }, (_, index) => start + index);
    const writes = indexes.flatMap((index): RowWrite[] => [
      { table: 'heads', put: manyHeads(index), isNew: true },
      { table: 'items', put: manyItems(index), isNew: true },
    ]);
    await tables.writeRows({ position: start + 1, time: start + 1 }, writes, signal);
  }
}
