import { DomainError } from '#libs/errors/domain-error.ts';
import type { ListOrder, Place } from './list-order.ts';
import type { Page, PageRequest } from './page.ts';
import { pageTokenFromPlace, parsePageToken, type TokenScope } from './page-token.ts';

/** What a store looks up for a page. */
export interface PageRange<P extends Place> {
  /** The place that rows come after; absent at the beginning of the list. */
  readonly after: P | undefined;
  /** Rows to pass over from there. */
  readonly skip: number;
  /** Rows to read at most: one more than the page holds, which tells whether something follows. */
  readonly take: number;
}

/**
 * Reads a page of a list: `read` answers the rows of a range in the list's order.
 *
 * @throws PAGE_TOKEN_INVALID for a token that is damaged or of another list, tenant or filter.
 * @throws INVALID_FIELDS for a limit under 1 or a negative offset.
 */
export async function readPage<R, P extends Place>(
  order: ListOrder<R, P>,
  scope: TokenScope,
  request: PageRequest,
  read: (range: PageRange<P>) => readonly R[] | Promise<readonly R[]>,
): Promise<Page<R>> {
  const { limit, token, offset = 0 } = request;
  assertAtLeast('limit', limit, 1);
  assertAtLeast('offset', offset, 0);
  const after = token === undefined ? undefined : parsePageToken(order, scope, token);
  const rows = await read({ after, skip: offset, take: limit + 1 });
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined
    ? { rows: rows.slice(0, limit), nextToken: pageTokenFromPlace(order, scope, order.placeOf(last)) }
    : { rows, nextToken: undefined };
}

function assertAtLeast(field: string, value: number, minimum: number): void {
  if (!Number.isSafeInteger(value) || value < minimum) {
    const description = `must be a whole number of at least ${minimum}, not ${value}`;
    throw new DomainError('INVALID_FIELDS', `${field} ${description}`, { violations: [{ field, description }] });
  }
}
