import type { ListOrder, Place } from '#libs/store/tables/list-order.ts';
import type { Page, PageRequest } from '#libs/store/tables/page.ts';
import { pageTokenFromPlace, parsePageToken, type TokenScope } from '#libs/store/tables/page-token.ts';

/** A list of which the table knows the order and the caller which rows are wanted. */
export interface FilteredList<R, P extends Place, T> {
  readonly order: ListOrder<R, P>;
  /** What the caller's page tokens are bound to. */
  readonly scope: TokenScope;
  /** What the table's own are bound to. */
  readonly tableScope: TokenScope;
  readonly read: (page: PageRequest) => Promise<Page<R>>;
  /** The entry of a row; undefined: it is not wanted. */
  readonly entryOf: (row: R) => T | undefined;
}

const DEFAULT_PAGE_SIZE = 100;
/** Rows that one call looks at, so that a filter that finds little does not take for ever. */
const MAX_SCANNED = 2_000;

/**
 * Reads a page. It ends when it is full or after 2 000 rows, so that a page of a filter that finds little may be short
 * and yet not be the last one.
 *
 * @throws PAGE_TOKEN_INVALID.
 */
export async function filteredPage<R, P extends Place, T>(
  { order, scope, tableScope, read, entryOf }: FilteredList<R, P, T>,
  { pageSize, pageToken }: { readonly pageSize: number; readonly pageToken: string },
): Promise<{ readonly entries: T[]; readonly nextPageToken: string }> {
  const limit = pageSize || DEFAULT_PAGE_SIZE;
  const after = pageToken === '' ? undefined : parsePageToken(order, scope, pageToken);
  let token = after === undefined ? undefined : pageTokenFromPlace<P>(order, tableScope, after);
  const entries: T[] = [];
  let scanned = 0;
  for (;;) {
    const page = await read({ limit, ...(token === undefined ? {} : { token }) });
    for (const [index, row] of page.rows.entries()) {
      scanned += 1;
      const entry = entryOf(row);
      if (entry !== undefined) entries.push(entry);
      const isLast = index === page.rows.length - 1 && page.nextToken === undefined;
      if (!isLast && (entries.length >= limit || scanned >= MAX_SCANNED)) {
        return { entries, nextPageToken: pageTokenFromPlace<P>(order, scope, order.placeOf(row)) };
      }
    }
    token = page.nextToken;
    if (token === undefined) return { entries, nextPageToken: '' };
  }
}
