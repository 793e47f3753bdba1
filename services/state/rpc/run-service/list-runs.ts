import { create, toBinary } from '@bufbuild/protobuf';
import { type Run, RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import {
  type ListRunsRequest,
  type ListRunsResponse,
  ListRunsResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { ListOrder } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace, parsePageToken } from '#libs/store/tables/page-token.ts';
import type { StateContext } from '../context.ts';
import { untilListed } from '../reads/after-commit.ts';
import type { ListPlace } from '../reads/listed-run.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_BYTES } from '../reads/page-limits.ts';
import { isQuarantinedHere } from '../reads/quarantine.ts';
import { draftRun, finishRun } from '../reads/run-message.ts';
import { selectionFrom } from '../reads/run-selection.ts';
import { scanRuns } from '../reads/scan-runs.ts';

/** Rows that one call looks at, so that a filter that finds little does not take for ever: some 0.2 s of them. */
const MAX_SCANNED = 5_000;
/** With incarnations that were replaced each run costs a read of its own. */
const MAX_SCANNED_WITH_REPLACED = 500;

/** Where a page ended, and how many runs of the offset are still to be passed over. */
type Cursor = readonly [...ListPlace, skip: number];

const ORDER: ListOrder<Cursor, Cursor> = {
  list: 'runs',
  parts: ['number down', 'text', 'text down', 'number'],
  placeOf: (cursor) => cursor,
};

/**
 * RunService.ListRuns: by create time, newest first, then by id; incarnations that were replaced stand behind the one that
 * is under their id. A page ends when it is full, at 1 MiB, or after 5 000 rows were looked at (500 with incarnations that
 * were replaced), so that a page of a filter that finds little may be short, or empty, and yet not be the last one [62].
 */
export function createListRuns(context: StateContext): UnaryHandler<ListRunsRequest, ListRunsResponse> {
  return async ({ filter, pageSize, start, view, afterCommit }, { tenantId, signal }) => {
    const selection = selectionFrom(filter);
    const scope = { tenantId, filter: selection.text };
    const cursor =
      start.case === 'pageToken' && start.value !== '' ? parsePageToken(ORDER, scope, start.value) : undefined;
    await untilListed(context, afterCommit, signal);
    const { tables } = context.store;
    const runs: Run[] = [];
    const answer = (nextPageToken: string): ListRunsResponse => create(ListRunsResponseSchema, { runs, nextPageToken });
    const { lookup, isExact, includesReplaced } = selection;
    if (lookup === undefined) return answer('');
    const limit = pageSize || DEFAULT_PAGE_SIZE;
    const maxScanned = includesReplaced ? MAX_SCANNED_WITH_REPLACED : MAX_SCANNED;
    let skip = cursor?.[3] ?? (start.case === 'offset' ? start.value : 0);
    let bytes = 0;
    let scanned = 0;
    let last: ListPlace | undefined;
    const tokenAfter = (place: ListPlace): string => pageTokenFromPlace(ORDER, scope, [...place, skip]);
    const scan = {
      tenantId,
      lookup,
      includesReplaced,
      after: cursor === undefined ? undefined : ([cursor[0], cursor[1], cursor[2]] as const),
      offset: isExact ? skip : 0,
      wanted: isExact ? limit + 1 : MAX_SCANNED,
      signal,
    };
    if (isExact) skip = 0;
    for await (const listed of scanRuns(tables, scan)) {
      if (last !== undefined && scanned >= maxScanned) return answer(tokenAfter(last));
      scanned += 1;
      const isMeant = await selection.matches(listed);
      if (isMeant && skip > 0) {
        skip -= 1;
      } else if (isMeant) {
        // Asked only once one more is found, so that the last page has no token.
        if (last !== undefined && runs.length >= limit) return answer(tokenAfter(last));
        const hot = await listed.load();
        if (hot === undefined) continue;
        const quarantined = isQuarantinedHere(context.node, listed);
        const run = await finishRun(context.store, draftRun(hot, { view, extras: { quarantined } }));
        bytes += toBinary(RunSchema, run).length;
        if (last !== undefined && bytes > MAX_PAGE_BYTES && runs.length > 0) return answer(tokenAfter(last));
        runs.push(run);
      }
      last = listed.place;
    }
    return answer('');
  };
}
