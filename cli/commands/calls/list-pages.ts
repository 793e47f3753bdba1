import { integer } from '#libs/config/number-types.ts';
import { boolean } from '#libs/config/text-types.ts';
import type { CommandOption } from '../command.ts';

/** The most that one call answers. */
const MAX_PAGE = 1_000;
/** About what fits on a screen. */
const DEFAULT_LIMIT = 20;

/** The options of lists. */
export const PAGE_OPTIONS: { readonly limit: CommandOption<number>; readonly all: CommandOption<boolean> } = {
  limit: { type: integer({ min: 1, max: 1_000_000 }), doc: `how many at most, by default ${DEFAULT_LIMIT}` },
  all: { type: boolean(), doc: 'all of them' },
};

/** How many entries the options ask for. */
export function pageLimit({
  limit,
  all,
}: {
  readonly limit: number | undefined;
  readonly all: boolean | undefined;
}): number {
  return all === true ? Number.POSITIVE_INFINITY : (limit ?? DEFAULT_LIMIT);
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Empty: there is no other. */
  readonly nextPageToken: string;
}

/** Reads pages until there are `limit` entries or no more. `more` says that others follow. */
export async function listPages<T>(
  limit: number,
  readPage: (pageSize: number, pageToken: string) => Promise<Page<T>>,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const items: T[] = [];
  let pageToken = '';
  do {
    const page = await readPage(Math.min(MAX_PAGE, limit - items.length), pageToken);
    for (const item of page.items) {
      items.push(item);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && items.length < limit);
  return { items, more: pageToken !== '' };
}
