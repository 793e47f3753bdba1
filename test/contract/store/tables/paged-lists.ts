import { describe, expect, test } from 'vitest';
import { PAGED_CASES, type PagedCase } from './paged-cases.ts';
import type { CurrentTables, OpenTables } from './tables-store.ts';

const invalid = { reason: 'PAGE_TOKEN_INVALID' };

/** Reads all pages of a list; does something between two of them. */
async function readAll(
  list: PagedCase,
  tables: OpenTables,
  limit: number,
  between: () => Promise<void> = async () => {},
): Promise<number[]> {
  const seen: number[] = [];
  let token: string | undefined;
  do {
    const page = await list.read(tables, token === undefined ? { limit } : { limit, token });
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    seen.push(...page.rows);
    token = page.nextToken;
    if (token !== undefined) {
      expect(page.rows.length).toBe(limit);
      await between();
    }
  } while (token !== undefined);
  return seen;
}

async function insertPlaces(list: PagedCase, tables: OpenTables, places: readonly number[]): Promise<void> {
  for (const place of places) {
    await list.insert(tables, place);
  }
}

/** `count` even numbers from 10 on. */
function evenPlaces(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 10 + 2 * index);
}

/** Lists that are read in pages. */
export function pagedLists(current: CurrentTables): void {
  describe.each(PAGED_CASES)('pages of $list', (list) => {
    test('nothing is an empty page, also behind any offset', async () => {
      expect(await list.read(current(), { limit: 10 })).toEqual({ rows: [], nextToken: undefined });
      expect(await list.read(current(), { limit: 10, offset: 3 })).toEqual({ rows: [], nextToken: undefined });
    });

    test('one row is a page of its own', async () => {
      await list.insert(current(), 10);
      expect(await list.read(current(), { limit: 1 })).toEqual({ rows: [10], nextToken: undefined });
      expect(await list.read(current(), { limit: 1, offset: 1 })).toEqual({ rows: [], nextToken: undefined });
    });

    test('pages of any size hold every row once and in order, whatever order they came in', async () => {
      const places = evenPlaces(11);
      await insertPlaces(list, current(), places.toReversed());
      for (const limit of [1, 2, 3, 10, 11, 12, 1_000]) {
        expect(await readAll(list, current(), limit)).toEqual(places);
      }
    });

    test('a page that ends with the last row has no token', async () => {
      await insertPlaces(list, current(), evenPlaces(6));
      const first = await list.read(current(), { limit: 3 });
      expect(first.nextToken).toBeDefined();
      expect((await list.read(current(), { limit: 3, token: first.nextToken ?? '' })).nextToken).toBeUndefined();
      expect((await list.read(current(), { limit: 6 })).nextToken).toBeUndefined();
    });

    test('rows that come between two pages neither repeat nor hide others', async () => {
      const places = evenPlaces(9);
      await insertPlaces(list, current(), places);
      let next = 0;
      // One before all, one in the midst, one behind all, after each page.
      const seen = await readAll(list, current(), 2, async () => {
        await insertPlaces(list, current(), [next, places[next] ?? 0, 11 + 2 * next, 100 + next]);
        next += 1;
      });
      expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
      expect(seen.filter((place) => places.includes(place))).toEqual(places);
      expect(seen).toContain(100);
    });

    test('an offset passes rows over, from the token on', async () => {
      const places = evenPlaces(8);
      await insertPlaces(list, current(), places);
      expect((await list.read(current(), { limit: 3, offset: 2 })).rows).toEqual(places.slice(2, 5));
      const { nextToken = '' } = await list.read(current(), { limit: 3 });
      const behind = await list.read(current(), { limit: 2, offset: 1, token: nextToken });
      expect(behind.rows).toEqual(places.slice(4, 6));
      expect((await list.read(current(), { limit: 5, token: behind.nextToken ?? '' })).rows).toEqual(places.slice(6));
      expect(await list.read(current(), { limit: 3, offset: 8 })).toEqual({ rows: [], nextToken: undefined });
      expect(await list.read(current(), { limit: 3, offset: 1_000_000 })).toEqual({ rows: [], nextToken: undefined });
    });

    test('a token of another list, tenant or filter is refused', async () => {
      await insertPlaces(list, current(), evenPlaces(4));
      const { nextToken: token = '' } = await list.read(current(), { limit: 2 });
      await expect(list.readOther(current(), { limit: 2, token })).rejects.toMatchObject(invalid);
      await expect(
        list.readFiltered?.(current(), { limit: 2, token }) ?? Promise.reject(invalid),
      ).rejects.toMatchObject(invalid);
      const others = PAGED_CASES.filter((other) => other !== list);
      for (const other of others) {
        await expect(other.read(current(), { limit: 2, token })).rejects.toMatchObject(invalid);
      }
    });

    test('a damaged token is refused', async () => {
      await insertPlaces(list, current(), evenPlaces(4));
      const { nextToken: token = '' } = await list.read(current(), { limit: 2 });
      const changed = Array.from(token, (character, index) =>
        token.slice(0, index).concat(character === 'A' ? 'B' : 'A', token.slice(index + 1)),
      );
      for (const damaged of [...changed, '', 'token', `${token}=`, ` ${token}`, token.slice(0, -1), `${token}AAAA`]) {
        await expect(list.read(current(), { limit: 2, token: damaged })).rejects.toMatchObject(invalid);
      }
    });

    test('a limit under one and a negative offset are refused', async () => {
      for (const page of [{ limit: 0 }, { limit: -1 }, { limit: 1.5 }, { limit: 1, offset: -1 }]) {
        await expect(list.read(current(), page)).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
      }
    });
  });
}
