import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DeadLetterFilter } from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { DeadReason } from '#libs/engine/model/client-state.ts';
import { deadLetterFromRow } from '#libs/partition/rows/dead-letter-rows.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { DeadLetterRow } from '#libs/store/tables/dead-letters.ts';
import { DEAD_LETTER_ORDER } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace } from '#libs/store/tables/page-token.ts';
import { maybeDeadReason } from '../wire/dead-reason.ts';
import { timeFromTimestamp } from '../wire/timestamp.ts';

/** Rows of one read. */
const READ_ROWS = 200;

/** Where a dead letter stands in lists. */
export type DeadLetterSpot = readonly [deadTime: number, deadLetterId: string];

/** Which dead letters are meant. */
export interface DeadLetterSelection {
  /** What the store looks for. */
  readonly lookup: { readonly queue?: string; readonly runId?: string };
  readonly workflow: string;
  /** Absent: any. */
  readonly reason: DeadReason | undefined;
  readonly failureType: string;
  /** Since then. */
  readonly minTime: number;
  /** Before then. */
  readonly maxTime: number;
}

/**
 * The selection of a filter. Absent: all.
 *
 * @throws INVALID_FIELDS for a time that is none.
 */
export function selectionOf(filter: DeadLetterFilter | undefined): DeadLetterSelection {
  const { queue = '', runId = '', workflow = '', failureType = '', minDeadTime, maxDeadTime } = filter ?? {};
  return {
    lookup: { ...(queue === '' ? {} : { queue }), ...(runId === '' ? {} : { runId }) },
    workflow,
    reason: filter === undefined ? undefined : maybeDeadReason(filter.reason),
    failureType,
    minTime: minDeadTime === undefined ? -Infinity : timeFromTimestamp(minDeadTime, 'filter.min_dead_time'),
    maxTime: maxDeadTime === undefined ? Infinity : timeFromTimestamp(maxDeadTime, 'filter.max_dead_time'),
  };
}

/** A row that was looked at, and whether it is meant. */
export interface ScannedLetter {
  readonly row: DeadLetterRow;
  readonly isMeant: boolean;
}

/** Dead letters of a tenant, newest first, then by id, behind a spot. Ends with the oldest that may be meant. */
export async function* scanDeadLetters(
  tables: Pick<StateTables, 'listDeadLetters'>,
  tenantId: string,
  selection: DeadLetterSelection,
  after: DeadLetterSpot | undefined,
  signal: AbortSignal,
): AsyncGenerator<ScannedLetter, void> {
  const { lookup, minTime, maxTime } = selection;
  const scope = { tenantId, filter: lookup };
  const start = after ?? (maxTime === Infinity ? undefined : ([maxTime, ''] as const));
  let token = start === undefined ? undefined : pageTokenFromPlace(DEAD_LETTER_ORDER, scope, start);
  do {
    signal.throwIfAborted();
    const page = await tables.listDeadLetters(tenantId, lookup, {
      limit: READ_ROWS,
      ...(token === undefined ? {} : { token }),
    });
    for (const row of page.rows) {
      if (row.deadTime < minTime) return;
      yield { row, isMeant: row.deadTime < maxTime && isMeant(row, selection) };
    }
    token = page.nextToken;
    // A store in this process answers at once, and others have to get their turn.
    await nextTurn();
  } while (token !== undefined);
}

function isMeant(row: DeadLetterRow, { workflow, reason, failureType }: DeadLetterSelection): boolean {
  if (workflow === '' && reason === undefined && failureType === '') return true;
  const facts = deadLetterFromRow(row);
  if (workflow !== '' && facts.workflow !== workflow) return false;
  if (reason !== undefined && facts.reason !== reason) return false;
  return failureType === '' || facts.failure.type === failureType;
}
