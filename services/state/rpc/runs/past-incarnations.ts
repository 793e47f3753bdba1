import type { StateTables } from '#libs/store/store.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';

/** Rows of one read. */
const PAGE_ROWS = 200;

/** The incarnations of a run that were replaced and have a row, newest first. */
export async function pastIncarnations(
  tables: Pick<StateTables, 'listPastHeads'>,
  key: RunKey,
): Promise<readonly string[]> {
  const found: string[] = [];
  let token: string | undefined;
  do {
    const page = await tables.listPastHeads(key, { limit: PAGE_ROWS, ...(token === undefined ? {} : { token }) });
    for (const { incarnation } of page.rows) found.push(incarnation);
    token = page.nextToken;
  } while (token !== undefined);
  return found;
}
