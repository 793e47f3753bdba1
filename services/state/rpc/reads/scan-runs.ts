import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StateTables } from '#libs/store/store.ts';
import type { HeadFilter, HeadRow } from '#libs/store/tables/heads.ts';
import { HEAD_ORDER, PAST_HEAD_ORDER } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace } from '#libs/store/tables/page-token.ts';
import { type ListedRun, type ListPlace, listedFromHead, maybeListedFromPastHead } from './listed-run.ts';

/** Rows of one read: a head may have a hundred kilobytes. */
const READ_ROWS = 100;
/** Incarnations of one run that are read at once: few runs are replaced often. */
const READ_REPLACED = 10;

/** What is scanned. */
export interface RunScan {
  readonly tenantId: string;
  /** What the store looks for. */
  readonly lookup: HeadFilter;
  readonly includesReplaced: boolean;
  /** Where the page before ended. Absent: at the beginning. */
  readonly after: ListPlace | undefined;
  /** Rows to pass over at the beginning. */
  readonly offset: number;
  /** How many are wanted at most, so that no more are read. */
  readonly wanted: number;
  readonly signal: AbortSignal;
}

/**
 * Runs in the order of their list: by create time, newest first, then by id. Incarnations that were replaced stand right
 * behind the one that is under their id, newest first.
 */
export async function* scanRuns(tables: StateTables, scan: RunScan): AsyncGenerator<ListedRun, void> {
  const { tenantId, lookup, includesReplaced, after, signal } = scan;
  if (after !== undefined && includesReplaced) yield* replacedBefore(tables, tenantId, after);
  let token =
    after === undefined
      ? undefined
      : pageTokenFromPlace(HEAD_ORDER, { tenantId, filter: lookup }, [after[0], after[1]]);
  let { offset } = scan;
  const limit = Math.min(READ_ROWS, scan.wanted);
  do {
    signal.throwIfAborted();
    const start = { ...(token === undefined ? {} : { token }), ...(offset === 0 ? {} : { offset }) };
    const { rows, nextToken } = await tables.listHeads(tenantId, lookup, { limit, ...start });
    for (const row of rows) yield* incarnationsOf(tables, row, includesReplaced);
    token = nextToken;
    offset = 0;
    // A store in this process answers at once, and others have to get their turn.
    await nextTurn();
  } while (token !== undefined);
}

/** The newest incarnation of a run, and those before it where they are asked for. */
export async function* incarnationsOf(
  tables: StateTables,
  row: HeadRow,
  includesReplaced: boolean,
): AsyncGenerator<ListedRun, void> {
  const newest = listedFromHead(tables, row);
  yield newest;
  if (includesReplaced) yield* replacedBefore(tables, row.tenantId, newest.place);
}

/** Incarnations that were replaced, those before one. */
async function* replacedBefore(
  tables: StateTables,
  tenantId: string,
  [newestStartTime, runId, incarnation]: ListPlace,
): AsyncGenerator<ListedRun, void> {
  let token: string | undefined = pageTokenFromPlace(PAST_HEAD_ORDER, { tenantId, filter: { runId } }, [incarnation]);
  do {
    const page = await tables.listPastHeads({ tenantId, runId }, { limit: READ_REPLACED, token });
    for (const row of page.rows) {
      const listed = await maybeListedFromPastHead(tables, row, newestStartTime);
      if (listed !== undefined) yield listed;
    }
    token = page.nextToken;
  } while (token !== undefined);
}
