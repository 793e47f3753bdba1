import { describe, expect, test } from 'vitest';
import { AWKWARD_IDS } from './awkward-ids.ts';
import { OWNED_TABLES } from './owned-tables.ts';
import { bodyOf, signal, stampAt, write } from './rows.ts';
import type { CurrentTables } from './tables-store.ts';

/** Writes behind the journal: what is newer stands, whatever comes when. [journal.md 15] */
export function guardedWrites(current: CurrentTables): void {
  describe.each(OWNED_TABLES)('writes of $table', (owned) => {
    const row = owned.row('id', bodyOf('first'));
    const other = owned.row('id', bodyOf('second'));

    test('a row is read back as it was written, and nothing before', async () => {
      const { state } = current();
      expect(await owned.read(state, row)).toBeUndefined();
      await write(current(), 1, owned.put(row));
      expect(await owned.read(state, row)).toEqual(row);
      expect(await owned.read(state, owned.row('other', bodyOf('')))).toBeUndefined();
    });

    test('an empty body and one of all bytes stay what they are', async () => {
      const empty = owned.row('empty', new Uint8Array(0));
      const all = owned.row(
        'all',
        Uint8Array.from({ length: 70_000 }, (_, index) => index),
      );
      await write(current(), 1, owned.put(empty), owned.put(all));
      expect(await owned.read(current().state, empty)).toEqual(empty);
      expect(await owned.read(current().state, all)).toEqual(all);
    });

    test('what the caller does to its bytes later changes nothing', async () => {
      const bytes = bodyOf('first');
      await write(current(), 1, owned.put(owned.row('id', bytes)));
      bytes.fill(0);
      expect(await owned.read(current().state, row)).toEqual(row);
    });

    test('a newer write replaces a row, one of the same or an older position does not', async () => {
      const { state } = current();
      await write(current(), 5, owned.put(row));
      await write(current(), 5, owned.put(other));
      await write(current(), 4, owned.put(other));
      expect(await owned.read(state, row)).toEqual(row);
      await write(current(), 6, owned.put(other));
      expect(await owned.read(state, row)).toEqual(other);
    });

    test('a row that is said to be new and is not is written all the same', async () => {
      const { state } = current();
      await write(current(), 5, { ...owned.put(row), isNew: true });
      await write(current(), 4, { ...owned.put(other), isNew: true });
      expect(await owned.read(state, row)).toEqual(row);
      await write(current(), 6, { ...owned.put(other), isNew: true });
      expect(await owned.read(state, row)).toEqual(other);
    });

    test('a delete by a newer position removes, one of the same or an older position does not', async () => {
      const { state } = current();
      await write(current(), 5, owned.put(row));
      await write(current(), 5, owned.delete(row));
      await write(current(), 4, owned.delete(row));
      expect(await owned.read(state, row)).toEqual(row);
      await write(current(), 6, owned.delete(row));
      await write(current(), 6, owned.delete(row));
      expect(await owned.read(state, row)).toBeUndefined();
    });

    test('a late write after a delete by a newer owner changes nothing, also where no row stood', async () => {
      const { state } = current();
      const never = owned.row('never', bodyOf('first'));
      await write(current(), 1, owned.put(row));
      await write(current(), 10, owned.delete(row), owned.delete(never));
      await write(current(), 9, owned.put(row), owned.put(never));
      await write(current(), 10, owned.put(row), { ...owned.put(never), isNew: true });
      expect(await owned.read(state, row)).toBeUndefined();
      expect(await owned.read(state, never)).toBeUndefined();
      // An older delete does not make the tombstone older.
      await write(current(), 3, owned.delete(row));
      await write(current(), 9, owned.put(row));
      expect(await owned.read(state, row)).toBeUndefined();
    });

    test('what was deleted is made again by a newer write', async () => {
      const { state } = current();
      await write(current(), 1, owned.put(row));
      await write(current(), 2, owned.delete(row));
      await write(current(), 3, owned.put(other));
      expect(await owned.read(state, row)).toEqual(other);
      await write(current(), 4, owned.delete(row));
      expect(await owned.read(state, row)).toBeUndefined();
    });

    test('tombstones older than a time are purged, at most so many, and rows are not', async () => {
      const { state } = current();
      const rows = ['a', 'b', 'c', 'd'].map((id) => owned.row(id, bodyOf(id)));
      await write(current(), 1, ...rows.map((each) => owned.put(each)));
      for (const [index, each] of rows.slice(0, 3).entries()) {
        await write(current(), 2 + index, owned.delete(each));
      }
      expect(await state.purgeTombstones(2_000, 10)).toBe(0);
      expect(await state.purgeTombstones(4_000, 1)).toBe(1);
      expect(await state.purgeTombstones(4_000, 10)).toBe(1);
      expect(await state.purgeTombstones(4_000, 10)).toBe(0);
      // Two are forgotten, so that an old write is done; the third still stands in its way.
      await write(current(), 1, ...rows.map((each) => owned.put(each)));
      const found = await Promise.all(rows.map((each) => owned.read(state, each)));
      expect(found.map((each) => each !== undefined)).toEqual([true, true, false, true]);
      expect(await state.purgeTombstones(4_001, 10)).toBe(1);
    });

    test('awkward ids name rows of their own', async () => {
      const rows = AWKWARD_IDS.map((id) => owned.row(id, bodyOf(`of ${id}`)));
      await write(current(), 1, ...rows.map((each) => owned.put(each)));
      expect(await Promise.all(rows.map((each) => owned.read(current().state, each)))).toEqual(rows);
      await write(current(), 2, ...rows.filter((_, index) => index % 2 === 0).map((each) => owned.delete(each)));
      const found = await Promise.all(rows.map((each) => owned.read(current().state, each)));
      expect(found).toEqual(rows.map((each, index) => (index % 2 === 0 ? undefined : each)));
    });

    test('two tenants have rows under the same ids', async () => {
      const { state } = current();
      const ours = owned.row('id', bodyOf('ours'), 'ours');
      const theirs = owned.row('id', bodyOf('theirs'), 'theirs');
      await write(current(), 1, owned.put(ours), owned.put(theirs));
      expect(await owned.read(state, ours)).toEqual(ours);
      await write(current(), 2, owned.delete(ours));
      expect(await owned.read(state, ours)).toBeUndefined();
      expect(await owned.read(state, theirs)).toEqual(theirs);
    });

    test('many rows of one call are all written, and a repeat is none the worse', async () => {
      const rows = Array.from({ length: 450 }, (_, index) => owned.row(`many-${index}`, bodyOf(`${index}`)));
      const writes = rows.map((each) => owned.put(each));
      await write(current(), 1, ...writes);
      await write(current(), 1, ...writes);
      expect(await Promise.all(rows.map((each) => owned.read(current().state, each)))).toEqual(rows);
    });

    test('of concurrent rounds the newest stands', async () => {
      await Promise.all(
        [4, 9, 2, 7].map((position) => write(current(), position, owned.put(owned.row('id', bodyOf(`${position}`))))),
      );
      expect(await owned.read(current().state, row)).toEqual(owned.row('id', bodyOf('9')));
    });

    test('what cannot be kept is refused before anything is written', async () => {
      const { state } = current();
      for (const id of ['x'.repeat(1_025), 'a\0b', '\ud800']) {
        const bad = owned.row(id, bodyOf(''));
        if (Object.values(bad).includes(id)) {
          await expect(write(current(), 1, owned.put(row), owned.put(bad))).rejects.toMatchObject({
            reason: 'INVALID_FIELDS',
          });
        }
      }
      const large = owned.row('large', new Uint8Array(12 * 1024 * 1024 + 1));
      await expect(write(current(), 1, owned.put(row), owned.put(large))).rejects.toMatchObject({
        reason: 'PAYLOAD_TOO_LARGE',
      });
      expect(await owned.read(state, row)).toBeUndefined();
    });
  });

  test('a round that is aborted before it begins writes nothing and throws the reason', async () => {
    const reason = new Error('lease lost');
    const writes = OWNED_TABLES.map((owned) => owned.put(owned.row('id', bodyOf('first'))));
    await expect(current().state.writeRows(stampAt(1), writes, AbortSignal.abort(reason))).rejects.toBe(reason);
    const found = await Promise.all(
      OWNED_TABLES.map((owned) => owned.read(current().state, owned.row('id', bodyOf('')))),
    );
    expect(found.every((each) => each === undefined)).toBe(true);
  });

  test('rows of all tables go in one round, and an empty round is nothing', async () => {
    const rows = OWNED_TABLES.map((owned) => owned.row('id', bodyOf(owned.table)));
    await current().state.writeRows(stampAt(1), [], signal);
    await write(current(), 1, ...OWNED_TABLES.map((owned) => owned.put(owned.row('id', bodyOf(owned.table)))));
    expect(
      await Promise.all(OWNED_TABLES.map((owned) => owned.read(current().state, owned.row('id', bodyOf(''))))),
    ).toEqual(rows);
  });
}
