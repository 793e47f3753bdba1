import { comparePlaces, type ListOrder, type Place } from '#libs/store/tables/list-order.ts';
import type { Page, PageRequest } from '#libs/store/tables/page.ts';
import type { TokenScope } from '#libs/store/tables/page-token.ts';
import { readPage } from '#libs/store/tables/read-page.ts';

/** Reads a page of the rows that a list holds: sorts them, then cuts. */
export async function readPageOf<R, P extends Place>(
  order: ListOrder<R, P>,
  scope: TokenScope,
  request: PageRequest,
  rows: Iterable<R>,
): Promise<Page<R>> {
  return readPage(order, scope, request, ({ after, skip, take }) =>
    Iterator.from(rows)
      .map((row) => ({ row, place: order.placeOf(row) }))
      .filter(({ place }) => after === undefined || comparePlaces(order, place, after) > 0)
      .toArray()
      .sort((a, b) => comparePlaces(order, a.place, b.place))
      .slice(skip, skip + take)
      .map(({ row }) => row),
  );
}
