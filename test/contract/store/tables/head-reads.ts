import { describe, expect, test } from 'vitest';
import { ALL_SLOTS, SLOT_COUNT, slotOf } from '#libs/store/slots.ts';
import type { AttributeCondition, Attributes } from '#libs/store/tables/attribute.ts';
import type { HeadFilter, HeadRow } from '#libs/store/tables/heads.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { AWKWARD_IDS } from './awkward-ids.ts';
import { bodyOf, headRow, pastHeadRow, write } from './rows.ts';
import type { CurrentTables } from './tables-store.ts';

const TENANT = 'tenant';

/** Lists, counts and due heads. */
export function headReads(current: CurrentTables): void {
  async function put(position: number, ...rows: readonly HeadRow[]): Promise<void> {
    await write(current(), position, ...rows.map((row) => ({ table: 'heads', put: row }) as const));
  }

  async function listed(filter: HeadFilter, tenantId: string = TENANT): Promise<string[]> {
    const { rows } = await current().state.listHeads(tenantId, filter, { limit: 100 });
    expect(await current().state.countHeads(tenantId, filter)).toBe(rows.length);
    return rows.map((row) => row.runId);
  }

  test('a head has all of its fields, or those that were given', async () => {
    const full = headRow({
      closeTime: 3_000,
      nextWakeTime: 0,
      expireTime: -1,
      attributes: {
        keyword: { type: 'keyword', value: 'it\'s "quoted" — 日本 😀' },
        least: { type: 'integer', value: -(2n ** 63n) },
        most: { type: 'integer', value: 2n ** 63n - 1n },
        odd: { type: 'integer', value: 9_007_199_254_740_993n },
        pi: { type: 'double', value: Math.PI },
        whole: { type: 'double', value: 3 },
        huge: { type: 'double', value: Number.POSITIVE_INFINITY },
        nothing: { type: 'double', value: Number.NaN },
        minus: { type: 'double', value: -0 },
        yes: { type: 'boolean', value: true },
        no: { type: 'boolean', value: false },
        time: { type: 'time', value: 1_700_000_000_000 },
        list: { type: 'keyword_list', value: ['b', 'a', 'b', ''] },
        empty: { type: 'keyword_list', value: [] },
        'a name.with $signs': { type: 'keyword', value: '' },
      },
    });
    await put(1, full, headRow({ runId: 'bare' }));
    expect(await current().state.readHead(full)).toEqual(full);
    expect(await current().state.readHead({ tenantId: TENANT, runId: 'bare' })).toStrictEqual(
      headRow({ runId: 'bare' }),
    );
    // What is not given any more is gone.
    await put(2, headRow());
    expect(await current().state.readHead(full)).toStrictEqual(headRow());
    expect((await current().state.listHeads(TENANT, {}, { limit: 5 })).rows).toContainEqual(headRow());
  });

  test('the keys of heads are read by slot and key, page by page, without those that were deleted', async () => {
    const ids = [...AWKWARD_IDS, ...Array.from({ length: 40 }, (_, index) => `run-${index}`)];
    await put(
      1,
      ...ids.map((runId) => headRow({ runId })),
      headRow({ tenantId: 'other', runId: 'run-0' }),
      headRow({ runId: 'gone' }),
    );
    await write(current(), 2, { table: 'heads', delete: { tenantId: TENANT, runId: 'gone' } });
    const seen: RunKey[] = [];
    for (;;) {
      const page = await current().state.headKeys(ALL_SLOTS, 7, seen.at(-1));
      seen.push(...page);
      if (page.length < 7) break;
    }
    expect(seen.map(({ runId }) => runId).toSorted()).toEqual([...ids, 'run-0'].toSorted());
    const slots = seen.map(({ tenantId, runId }) => slotOf(tenantId, runId));
    expect(slots).toEqual(slots.toSorted((a, b) => a - b));
    const [slot = 0] = slots;
    const inOne = await current().state.headKeys({ from: slot, to: slot + 1 }, 100);
    expect(inOne).toEqual(seen.filter(({ tenantId, runId }) => slotOf(tenantId, runId) === slot));
  });

  test('heads are listed by start time descending, then by the bytes of their ids', async () => {
    await put(
      1,
      ...AWKWARD_IDS.toReversed().map((runId) => headRow({ runId, startTime: 5 })),
      headRow({ runId: 'newer', startTime: 6 }),
      headRow({ runId: 'older', startTime: 4 }),
      headRow({ runId: 'oldest', startTime: -4 }),
      headRow({ runId: 'theirs', tenantId: 'other', startTime: 5 }),
    );
    expect(await listed({})).toEqual(['newer', ...AWKWARD_IDS, 'older', 'oldest']);
    expect(await listed({}, 'other')).toEqual(['theirs']);
    expect(await listed({}, 'third')).toEqual([]);
  });

  test('a head that is written anew moves to where it belongs', async () => {
    await put(1, headRow({ runId: 'a', startTime: 1 }), headRow({ runId: 'b', startTime: 2 }));
    await put(2, headRow({ runId: 'a', startTime: 3, incarnation: '0190-2', status: 'COMPLETED', closeTime: 4 }));
    expect(await listed({})).toEqual(['a', 'b']);
    expect(await listed({ statuses: ['RUNNING'] })).toEqual(['b']);
    await write(current(), 3, { table: 'heads', delete: { tenantId: TENANT, runId: 'b' } });
    expect(await listed({})).toEqual(['a']);
    expect(await listed({ statuses: ['RUNNING'] })).toEqual([]);
    await put(4, headRow({ runId: 'b', startTime: 2 }));
    expect(await listed({ workflow: 'order' })).toEqual(['a', 'b']);
  });

  test('filters on status, workflow, version and start time hold all at once', async () => {
    await put(
      1,
      headRow({ runId: 'a', startTime: 1 }),
      headRow({ runId: 'b', startTime: 2, status: 'FAILED' }),
      headRow({ runId: 'c', startTime: 3, workflow: 'bill' }),
      headRow({ runId: 'd', startTime: 4, version: '2' }),
      headRow({ runId: 'e', startTime: 5, version: '2', status: 'PAUSED' }),
    );
    expect(await listed({ statuses: [] })).toEqual(['e', 'd', 'c', 'b', 'a']);
    expect(await listed({ statuses: ['FAILED'] })).toEqual(['b']);
    expect(await listed({ statuses: ['FAILED', 'PAUSED', 'FAILED', 'UNKNOWN'] })).toEqual(['e', 'b']);
    expect(await listed({ statuses: ['UNKNOWN'] })).toEqual([]);
    expect(await listed({ workflow: 'order' })).toEqual(['e', 'd', 'b', 'a']);
    expect(await listed({ workflow: 'orde' })).toEqual([]);
    expect(await listed({ version: '2' })).toEqual(['e', 'd']);
    expect(await listed({ workflow: 'order', version: '1', statuses: ['RUNNING'] })).toEqual(['a']);
    expect(await listed({ startedAtOrAfter: 2, startedBefore: 4 })).toEqual(['c', 'b']);
    expect(await listed({ startedAtOrAfter: 4 })).toEqual(['e', 'd']);
    expect(await listed({ startedBefore: 1 })).toEqual([]);
    expect(await listed({ startedAtOrAfter: 4, startedBefore: 2 })).toEqual([]);
    expect(await listed({ startedAtOrAfter: 2, workflow: 'order', statuses: ['RUNNING', 'PAUSED'] })).toEqual([
      'e',
      'd',
    ]);
  });

  test('unfinished runs are counted by version and slot', async () => {
    const runIds = ['a', 'b', 'c', 'd', 'e'];
    await put(1, ...runIds.map((runId) => headRow({ runId })), headRow({ runId: 'f', closeTime: 1 }));
    await put(1, headRow({ runId: 'g', version: '2' }), headRow({ runId: 'h', tenantId: 'other' }));
    const count = (from: number, to: number): Promise<number> =>
      current().state.countUnfinished(TENANT, 'order', '1', { from, to });
    expect(await count(0, SLOT_COUNT)).toBe(5);
    const inLower = runIds.filter((runId) => slotOf(TENANT, runId) < 512).length;
    expect([await count(0, 512), await count(512, SLOT_COUNT), await count(5, 5)]).toEqual([inLower, 5 - inLower, 0]);
    await put(2, headRow({ runId: 'a', closeTime: 2, status: 'COMPLETED' }));
    await write(current(), 2, { table: 'heads', delete: { tenantId: TENANT, runId: 'b' } });
    expect(await count(0, SLOT_COUNT)).toBe(3);
    expect(await current().state.countUnfinished(TENANT, 'order', '3', ALL_SLOTS)).toBe(0);
  });

  test('runs are due strictly before a time, earliest first, then by key, in their slots', async () => {
    const { state } = current();
    const runIds = Array.from({ length: 30 }, (_, index) => `run-${index}`);
    await put(
      1,
      ...runIds.map((runId, index) => headRow({ runId, nextWakeTime: Math.floor(index / 10), expireTime: 10 })),
      headRow({ runId: 'never' }),
    );
    const due = await state.dueBefore(ALL_SLOTS, 2, 100);
    expect(due.map(({ dueTime }) => dueTime)).toEqual([...Array(10).fill(0), ...Array(10).fill(1)]);
    const bySlot = (from: number): string[] =>
      runIds.slice(from, from + 10).toSorted((a, b) => slotOf(TENANT, a) - slotOf(TENANT, b));
    expect(due.map(({ runId }) => runId)).toEqual([...bySlot(0), ...bySlot(10)]);
    expect(due[0]).toStrictEqual({ tenantId: TENANT, runId: due[0]?.runId, incarnation: '0190-1', dueTime: 0 });
    expect(await state.dueBefore(ALL_SLOTS, 2, 7)).toEqual(due.slice(0, 7));
    expect(await state.dueBefore(ALL_SLOTS, 0, 7)).toEqual([]);
    const slots = { from: 100, to: 700 };
    expect(await state.dueBefore(slots, 2, 100)).toEqual(
      due.filter(({ runId }) => slotOf(TENANT, runId) >= 100 && slotOf(TENANT, runId) < 700),
    );
    expect(await state.expiredBefore(ALL_SLOTS, 10, 100)).toEqual([]);
    expect(await state.expiredBefore(ALL_SLOTS, 11, 100)).toHaveLength(30);
    // A run that wakes no more, or is gone, is not due.
    await put(2, ...due.slice(0, 5).map(({ runId }) => headRow({ runId })));
    await write(
      current(),
      2,
      ...due.slice(5, 8).map(({ runId }) => ({ table: 'heads', delete: { tenantId: TENANT, runId } }) as const),
    );
    expect(await state.dueBefore(ALL_SLOTS, 2, 100)).toEqual(due.slice(8));
  });

  test('past heads expire like heads, and are listed by run', async () => {
    const { state } = current();
    const rows = ['3', '1', '2'].map((incarnation) =>
      pastHeadRow({ incarnation, expireTime: 10 - Number(incarnation), body: bodyOf(incarnation) }),
    );
    await write(current(), 1, ...rows.map((row) => ({ table: 'pastHeads', put: row }) as const));
    const { rows: listed } = await state.listPastHeads(pastHeadRow(), { limit: 10 });
    expect(listed.map(({ incarnation }) => incarnation)).toEqual(['3', '2', '1']);
    expect(await state.pastHeadsExpiredBefore(ALL_SLOTS, 9, 10)).toEqual(
      [7, 8].map((dueTime) => ({ tenantId: TENANT, runId: 'run', incarnation: String(10 - dueTime), dueTime })),
    );
    expect(await state.pastHeadsExpiredBefore(ALL_SLOTS, 10, 1)).toHaveLength(1);
    const slot = slotOf(TENANT, 'run');
    expect(await state.pastHeadsExpiredBefore({ from: slot, to: slot + 1 }, 10, 10)).toHaveLength(3);
    expect(await state.pastHeadsExpiredBefore({ from: slot + 1, to: SLOT_COUNT }, 10, 10)).toHaveLength(0);
  });

  describe('conditions on attributes', () => {
    const values: Readonly<Record<string, Attributes>> = {
      none: {},
      other: { other: { type: 'integer', value: 5n } },
      'int-5': { x: { type: 'integer', value: 5n } },
      'int-7': { x: { type: 'integer', value: 7n } },
      'int-huge': { x: { type: 'integer', value: 9_007_199_254_740_993n } },
      'double-5': { x: { type: 'double', value: 5 } },
      'double-nan': { x: { type: 'double', value: Number.NaN } },
      'double-minus': { x: { type: 'double', value: Number.NEGATIVE_INFINITY } },
      'time-5': { x: { type: 'time', value: 5 } },
      'keyword-5': { x: { type: 'keyword', value: '5' } },
      'keyword-e': { x: { type: 'keyword', value: '\ue000' } },
      'keyword-s': { x: { type: 'keyword', value: '😀' } },
      'list-5': { x: { type: 'keyword_list', value: ['4', '5', '5'] } },
      'list-empty': { x: { type: 'keyword_list', value: [] } },
      'bool-no': { x: { type: 'boolean', value: false } },
      'bool-yes': { x: { type: 'boolean', value: true } },
    };
    const cases: readonly (readonly [string, Omit<AttributeCondition, 'name'>, readonly string[]])[] = [
      ['an integer equals', { equals: { type: 'integer', value: 5n } }, ['int-5']],
      ['an integer beyond 2^53 equals', { equals: { type: 'integer', value: 9_007_199_254_740_993n } }, ['int-huge']],
      ['its neighbour does not', { equals: { type: 'integer', value: 9_007_199_254_740_992n } }, []],
      ['a double equals', { equals: { type: 'double', value: 5 } }, ['double-5']],
      ['what is not a number equals nothing', { equals: { type: 'double', value: Number.NaN } }, []],
      ['a time equals', { equals: { type: 'time', value: 5 } }, ['time-5']],
      ['a keyword equals, or a list has it', { equals: { type: 'keyword', value: '5' } }, ['keyword-5', 'list-5']],
      ['a boolean equals', { equals: { type: 'boolean', value: false } }, ['bool-no']],
      ['an integer at least', { atLeast: { type: 'integer', value: 7n } }, ['int-7', 'int-huge']],
      ['an integer below', { below: { type: 'integer', value: 7n } }, ['int-5']],
      [
        'an integer between',
        { atLeast: { type: 'integer', value: 5n }, below: { type: 'integer', value: 8n } },
        ['int-5', 'int-7'],
      ],
      ['a double below', { below: { type: 'double', value: 6 } }, ['double-5', 'double-minus']],
      ['a keyword at least, by its bytes', { atLeast: { type: 'keyword', value: '\uffff' } }, ['keyword-s']],
      ['a keyword below, no list', { below: { type: 'keyword', value: '6' } }, ['keyword-5']],
      ['a boolean at least', { atLeast: { type: 'boolean', value: true } }, ['bool-yes']],
      ['bounds of two types', { atLeast: { type: 'integer', value: 1n }, below: { type: 'double', value: 9 } }, []],
      ['any value', {}, Object.keys(values).filter((runId) => runId !== 'none' && runId !== 'other')],
    ];

    test.each(cases)('%s', async (_, condition, expected) => {
      const rows = Object.entries(values).map(([runId, attributes]) => headRow({ runId, attributes }));
      await put(1, ...rows, headRow({ tenantId: 'other', runId: 'int-5', attributes: values['int-5'] ?? {} }));
      const conditions = [{ name: 'x', ...condition } as AttributeCondition];
      expect(await listed({ attributes: conditions })).toEqual([...expected].toSorted());
      expect(await listed({ attributes: conditions, statuses: ['RUNNING'], startedBefore: 1_001 })).toEqual(
        [...expected].toSorted(),
      );
      expect(await listed({ attributes: conditions, statuses: ['FAILED'] })).toEqual([]);
      expect(await listed({ attributes: conditions, startedAtOrAfter: 1_001 })).toEqual([]);
    });

    test('hold all at once', async () => {
      const rows = Array.from({ length: 40 }, (_, index) =>
        headRow({
          runId: `run-${String(index).padStart(2, '0')}`,
          startTime: -index,
          attributes: {
            even: { type: 'boolean', value: index % 2 === 0 },
            size: { type: 'integer', value: BigInt(index) },
            third: { type: 'keyword', value: String(index % 3) },
          },
        }),
      );
      await put(1, ...rows);
      expect(
        await listed({
          attributes: [
            { name: 'even', equals: { type: 'boolean', value: true } },
            { name: 'third', equals: { type: 'keyword', value: '1' } },
            { name: 'size', atLeast: { type: 'integer', value: 10n }, below: { type: 'integer', value: 30n } },
          ],
        }),
      ).toEqual(['run-10', 'run-16', 'run-22', 'run-28']);
    });

    test('follow what a run has now', async () => {
      const equals = (value: bigint): HeadFilter => ({
        attributes: [{ name: 'x', equals: { type: 'integer', value } }],
      });
      const attributes = (value: bigint): Attributes => ({ x: { type: 'integer', value } });
      await put(
        1,
        headRow({ runId: 'a', attributes: attributes(1n) }),
        headRow({ runId: 'b', attributes: attributes(1n) }),
      );
      await put(2, headRow({ runId: 'a', attributes: attributes(2n) }));
      await put(1, headRow({ runId: 'a', attributes: attributes(3n) }));
      expect([await listed(equals(1n)), await listed(equals(2n)), await listed(equals(3n))]).toEqual([
        ['b'],
        ['a'],
        [],
      ]);
      // A new start under the same id comes at another place of the list.
      await put(3, headRow({ runId: 'a', attributes: attributes(1n), startTime: 900 }));
      expect(await listed(equals(1n))).toEqual(['b', 'a']);
      await put(4, headRow({ runId: 'a', attributes: attributes(1n), startTime: 1_100 }));
      expect(await listed(equals(1n))).toEqual(['a', 'b']);
      await write(current(), 5, { table: 'heads', delete: { tenantId: TENANT, runId: 'b' } });
      expect(await listed(equals(1n))).toEqual(['a']);
      await put(6, headRow({ runId: 'a', startTime: 900 }));
      expect(await listed(equals(1n))).toEqual([]);
    });
  });

  test('attributes that not every store can keep are refused', async () => {
    const bad: readonly Attributes[] = [
      { x: { type: 'integer', value: 2n ** 63n } },
      { x: { type: 'time', value: 1.5 } },
      { ['n'.repeat(1_025)]: { type: 'boolean', value: true } },
      { x: { type: 'keyword', value: 'v'.repeat(1_025) } },
      { x: { type: 'keyword_list', value: ['\ud800'] } },
      { x: { type: 'keyword_list', value: Array.from({ length: 100 }, () => 'v'.repeat(1_000)) } },
    ];
    for (const attributes of bad) {
      await expect(put(1, headRow({ attributes }))).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
    }
    expect(await listed({})).toEqual([]);
  });
}
