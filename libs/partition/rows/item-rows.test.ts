import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogError, type LogErrorReason } from '#libs/engine/model/log-error.ts';
import type { ItemRow } from '#libs/store/tables/items.ts';
import { assertRow } from '#libs/store/tables/row-limits.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { createHistory } from '../runs/testing/history.ts';
import { deleteItemRows, entryFromRow, putItemRows, readyItemsOf } from './item-rows.ts';

const text = fc.string({ unit: 'binary', maxLength: 30 });
const entries: fc.Arbitrary<ReadyEntry> = fc.record({
  tenantId: text,
  runId: text,
  incarnation: fc.uuid({ version: 7 }),
  nodePath: text,
  itemSequence: fc.maxSafeNat(),
  workflow: text,
  version: text,
  queue: text,
  tags: fc.array(fc.string({ unit: 'binary', maxLength: 64 }), { maxLength: 20 }),
  priority: fc.integer({ min: 1, max: 5 }),
  scheduleTime: fc.maxSafeNat(),
  failedWorkerId: text,
});

function rowOf(entry: ReadyEntry): ItemRow {
  const writes: RowWrite[] = [];
  putItemRows(createHistory('SERVER').hot, new Map([[entry.itemSequence, entry]]), writes);
  const [write] = writes;
  if (write?.table !== 'items' || !('put' in write)) throw new TypeError('no row');
  return write.put;
}

function reasonOf(action: () => unknown): LogErrorReason | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof LogError) return error.reason;
    throw error;
  }
  return undefined;
}

test('an item is the same after its row was written and read, whatever its tags are', () => {
  fc.assert(
    fc.property(entries, (entry) => {
      expect(entryFromRow(rowOf(entry))).toEqual(entry);
    }),
  );
});

test('a set of tags has one name in every order, no other set has it, and every table can keep it', () => {
  const tags = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }), { maxLength: 20 });
  fc.assert(
    fc.property(entries, tags, tags, (entry, one, other) => {
      const { tagSet } = rowOf({ ...entry, tags: one });
      expect(rowOf({ ...entry, tags: one.toReversed() }).tagSet).toBe(tagSet);
      const isSame = one.toSorted().join('\0') === other.toSorted().join('\0');
      expect(rowOf({ ...entry, tags: other }).tagSet === tagSet).toBe(isSame);
      assertRow('items', { tagSet });
    }),
  );
  const one = fc.sample(entries, 1)[0] as ReadyEntry;
  assertRow('items', {
    tagSet: rowOf({ ...one, tags: Array.from({ length: 20 }, (_, at) => `${at}`.padEnd(64)) }).tagSet,
  });
  expect(rowOf({ ...one, tags: [] }).tagSet).toBe('');
  expect(rowOf({ ...one, tags: ['a\nb'] }).tagSet).not.toBe(rowOf({ ...one, tags: ['a', 'b'] }).tagSet);
});

describe('[8] an item', () => {
  const row = rowOf(fc.sample(entries, { seed: 1, numRuns: 1 })[0] as ReadyEntry);

  test('that is cut anywhere, too long, or of a newer format is a named error', () => {
    for (let size = 0; size < row.body.length; size += 1) {
      expect(reasonOf(() => entryFromRow({ ...row, body: row.body.subarray(0, size) }))).toBe('TRUNCATED');
    }
    expect(reasonOf(() => entryFromRow({ ...row, body: Uint8Array.from([...row.body, 0]) }))).toBe('MALFORMED');
    expect(reasonOf(() => entryFromRow({ ...row, body: Uint8Array.from([2, ...row.body]) }))).toBe('UNKNOWN_VERSION');
  });

  test('at random is a named error or an item, never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        reasonOf(() => entryFromRow({ ...row, body: Uint8Array.from([1, ...tail]) }));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the rows of items', () => {
  function writesOf(hot: HotRun, now: number): readonly RowWrite[] {
    const writes: RowWrite[] = [];
    const ready = readyItemsOf(hot, now);
    deleteItemRows(hot, ready, writes);
    putItemRows(hot, ready, writes);
    return writes;
  }

  test('are of those that may be offered now', () => {
    const history = createHistory('SERVER');
    const { hot, act } = history;
    expect(writesOf(hot, history.now)).toMatchObject([
      { table: 'items', put: { itemId: `${hot.identity.incarnation}.2`, queue: 'default', priority: 3 } },
    ]);
    act({ kind: 'pauseRun', requestedBy: '', reason: '' });
    expect(writesOf(hot, history.now)).toEqual([]);
  });

  test('are not written again while they are known to stand, and deleted where they may stand', () => {
    const history = createHistory('SERVER');
    const { hot, act, now } = history;
    hot.itemRows = new Set([1, 2]);
    hot.standingItems = new Set([2]);
    expect(writesOf(hot, now)).toMatchObject([{ table: 'items', delete: { itemId: `${hot.identity.incarnation}.1` } }]);
    act({ kind: 'terminateRun', requestedBy: '', reason: '' });
    expect(writesOf(hot, now).map((write) => 'delete' in write)).toEqual([true, true]);
  });

  test('of a CLIENT run are none: its tasks are not made by the engine', () => {
    const history = createHistory('CLIENT');
    expect(writesOf(history.hot, history.now)).toEqual([]);
  });
});
