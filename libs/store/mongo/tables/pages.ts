import type { Document, Sort } from 'mongodb';
import type { ListOrder, Place } from '#libs/store/tables/list-order.ts';
import type { Page, PageRequest } from '#libs/store/tables/page.ts';
import type { TokenScope } from '#libs/store/tables/page-token.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import type { Rows } from './rows.ts';

/** A list whose rows are ordered by fields of their documents. */
export interface FieldList<R, P extends Place> {
  readonly order: ListOrder<R, P>;
  /** The fields that a place is made of, in its order. */
  readonly fields: readonly string[];
}

/** Reads a page of the rows that satisfy a filter. */
export async function readPageOf<R, P extends Place>(
  rows: Pick<Rows<R, never>, 'find'>,
  list: FieldList<R, P>,
  scope: TokenScope,
  request: PageRequest,
  filter: Document,
): Promise<Page<R>> {
  return readPage(list.order, scope, request, ({ after, skip, take }) =>
    rows.find({ $and: [filter, ...filtersAfter(list, after)] }, { sort: sortOf(list), skip, limit: take }),
  );
}

/** The order of a list as the server takes it. */
export function sortOf<R, P extends Place>({ order, fields }: FieldList<R, P>): Sort {
  return Object.fromEntries(fields.map((field, index) => [field, isDown(order, index) ? -1 : 1]));
}

/** What leaves the rows after a place. The first condition is one that an index is entered by. */
export function filtersAfter<R, P extends Place>({ order, fields }: FieldList<R, P>, after: P | undefined): Document[] {
  const first = fields[0];
  if (after === undefined || first === undefined) {
    return [];
  }
  const laterBy = fields.map((field, index) => ({
    ...Object.fromEntries(fields.slice(0, index).map((equal, before) => [equal, after[before]])),
    [field]: { [isDown(order, index) ? '$lt' : '$gt']: after[index] },
  }));
  return [{ [first]: { [isDown(order, 0) ? '$lte' : '$gte']: after[0] } }, { $or: laterBy }];
}

function isDown<R, P extends Place>(order: ListOrder<R, P>, index: number): boolean {
  const parts: readonly string[] = order.parts;
  return parts[index]?.endsWith('down') ?? false;
}
