import { expect, test } from 'vitest';
import { ALL_SLOTS } from '#libs/store/slots.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import {
  deadLetterRow,
  headRow,
  itemRow,
  outboxRow,
  pastHeadRow,
  RUN,
  requestIdRow,
  segmentRow,
  signalRow,
  snapshotRow,
  stampAt,
  write,
} from './rows.ts';
import type { CurrentTables } from './tables-store.ts';

const OTHERS: readonly IncarnationKey[] = [
  { ...RUN, incarnation: '0190-2' },
  { ...RUN, incarnation: '0190-' },
  { ...RUN, runId: 'other' },
  { ...RUN, tenantId: 'other' },
];

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** `each` rows of an incarnation in every table. */
function rowsOf(key: IncarnationKey, each: number): RowWrite[] {
  return [
    { table: 'pastHeads', put: pastHeadRow(key) },
    ...numbersTo(each).flatMap((number): RowWrite[] => [
      { table: 'segments', put: segmentRow({ ...key, segment: number }) },
      { table: 'snapshots', put: snapshotRow({ ...key, version: number }) },
      { table: 'items', put: itemRow({ ...key, itemId: `item-${number}` }) },
      { table: 'signals', put: signalRow({ ...key, order: number }) },
      {
        table: 'deadLetters',
        put: deadLetterRow({ ...key, deadLetterId: `${key.runId}-${key.incarnation}-${number}`, deadTime: number }),
      },
    ]),
  ];
}

/** DeleteRun and retention. */
export function incarnationDeletes(current: CurrentTables): void {
  /** How many rows of an incarnation are left, past head and head aside. */
  async function countRows(key: IncarnationKey): Promise<number> {
    const { state } = current();
    const letters = await state.listDeadLetters(key.tenantId, { runId: key.runId }, { limit: 1_000 });
    return (
      (await state.readSegments(key, 0, 1_000)).length +
      (await state.listSnapshotVersions(key)).length +
      (await state.itemsOfRun(key, 1_000)).length +
      (await state.readSignals(key, 1_000)).length +
      letters.rows.filter(({ incarnation }) => incarnation === key.incarnation).length
    );
  }

  test('all of an incarnation goes, in slices, and nothing of another', async () => {
    const { state } = current();
    for (const key of [RUN, ...OTHERS]) {
      await write(current(), 1, ...rowsOf(key, 9));
    }
    await write(current(), 1, { table: 'heads', put: headRow() }, { table: 'heads', put: headRow({ runId: 'other' }) });
    await write(current(), 1, { table: 'requestIds', put: requestIdRow() }, { table: 'outbox', put: outboxRow() });
    let left = 45;
    for (const limit of [7, 1, 20, 16]) {
      expect(await state.deleteIncarnation(stampAt(5), RUN, limit)).toBe(false);
      left -= limit;
      expect(await countRows(RUN)).toBe(left);
      expect(await state.readHead(RUN)).toBeUndefined();
      expect(await state.readPastHead(RUN)).toBeUndefined();
    }
    expect(await state.deleteIncarnation(stampAt(5), RUN, 1)).toBe(true);
    expect(await state.deleteIncarnation(stampAt(5), RUN, 1)).toBe(true);
    expect(await countRows(RUN)).toBe(0);
    for (const key of OTHERS) {
      expect(await countRows(key)).toBe(45);
      expect(await state.readPastHead(key)).toBeDefined();
    }
    expect(await state.readHead({ tenantId: 'tenant', runId: 'other' })).toBeDefined();
    expect(await state.readRequestId(requestIdRow())).toBeDefined();
    expect(await state.readOutbox(1, 10)).toHaveLength(1);
    expect(await state.countItems('tenant', 'default')).toEqual({ ready: 27, waiting: 0, leased: 0 });
    expect(await state.readyHead(ALL_SLOTS, itemRow(), 100)).toHaveLength(27);
  });

  test('many rows go in one call', async () => {
    await write(current(), 1, ...rowsOf(RUN, 150));
    expect(await current().state.deleteIncarnation(stampAt(2), RUN, 500)).toBe(false);
    expect(await countRows(RUN)).toBe(250);
    expect(await current().state.deleteIncarnation(stampAt(2), RUN, 500)).toBe(true);
    expect(await countRows(RUN)).toBe(0);
  });

  test('a late round does not bring back head or past head, also where none stood', async () => {
    const { state } = current();
    expect(await state.deleteIncarnation(stampAt(5), RUN, 10)).toBe(true);
    await write(current(), 4, { table: 'heads', put: headRow() }, { table: 'pastHeads', put: pastHeadRow() });
    expect(await state.readHead(RUN)).toBeUndefined();
    expect(await state.readPastHead(RUN)).toBeUndefined();
    expect((await state.listHeads('tenant', {}, { limit: 10 })).rows).toEqual([]);
    expect(await state.purgeTombstones(5_000, 10)).toBe(0);
    expect(await state.purgeTombstones(5_001, 10)).toBe(2);
  });

  test('the head of another incarnation stays', async () => {
    const { state } = current();
    const head = headRow({ incarnation: '0190-2' });
    await write(current(), 5, ...rowsOf(RUN, 2), { table: 'heads', put: head });
    expect(await state.deleteIncarnation(stampAt(5), RUN, 100)).toBe(true);
    expect(await state.readHead(RUN)).toEqual(head);
    expect(await countRows(RUN)).toBe(0);
  });

  test('a late delete leaves a newer head as it is', async () => {
    const { state } = current();
    await write(current(), 9, { table: 'heads', put: headRow() }, { table: 'pastHeads', put: pastHeadRow() });
    await state.deleteIncarnation(stampAt(8), RUN, 10);
    expect(await state.readHead(RUN)).toEqual(headRow());
    expect(await state.readPastHead(RUN)).toEqual(pastHeadRow());
  });

  test('a run starts again under its id after it was deleted', async () => {
    const { state } = current();
    const attributes = { x: { type: 'integer', value: 1n } } as const;
    await write(current(), 1, ...rowsOf(RUN, 2), { table: 'heads', put: headRow({ attributes }) });
    await state.deleteIncarnation(stampAt(2), RUN, 100);
    const filter = { attributes: [{ name: 'x', equals: attributes.x }] };
    expect(await state.countHeads('tenant', filter)).toBe(0);
    const head = headRow({ incarnation: '0190-3', attributes });
    await write(current(), 3, { table: 'heads', put: head });
    expect(await state.readHead(RUN)).toEqual(head);
    expect((await state.listHeads('tenant', filter, { limit: 10 })).rows).toEqual([head]);
  });
}
