import { create } from '@bufbuild/protobuf';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { RunFilterSchema } from '#gen/millrace/state/v1/run_filter_pb.ts';
import {
  type ListSnapshotsRequest,
  type ListSnapshotsResponse,
  ListSnapshotsResponseSchema,
} from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { ListOrder } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace, parsePageToken } from '#libs/store/tables/page-token.ts';
import type { StateContext } from '../context.ts';
import { untilListed } from '../reads/after-commit.ts';
import type { ListPlace } from '../reads/listed-run.ts';
import { DEFAULT_PAGE_SIZE } from '../reads/page-limits.ts';
import { selectionFrom } from '../reads/run-selection.ts';
import { scanRuns } from '../reads/scan-runs.ts';

/** Rows that one call looks at, so that a filter that finds little does not take for ever: some 0.2 s of them. */
const MAX_SCANNED = 5_000;

const ORDER: ListOrder<ListPlace, ListPlace> = {
  list: 'snapshots',
  parts: ['number down', 'text', 'text down'],
  placeOf: (place) => place,
};

/**
 * SnapshotService.ListSnapshots: the ids of CLIENT runs that have a snapshot, the newest start first. A page ends when it
 * is full or after 5 000 rows were looked at, so that one of a filter that finds little may be short and yet not be the
 * last one [7].
 */
export function createListSnapshots(context: StateContext): UnaryHandler<ListSnapshotsRequest, ListSnapshotsResponse> {
  return async ({ filter = create(RunFilterSchema), pageSize, pageToken, afterCommit }, { tenantId, signal }) => {
    const isForOthers = filter.driver === Driver.SERVER;
    const selection = selectionFrom({ ...filter, driver: Driver.CLIENT, includeReplaced: false });
    const scope = { tenantId, filter: selection.text };
    const after = pageToken === '' ? undefined : parsePageToken(ORDER, scope, pageToken);
    await untilListed(context, afterCommit, signal);
    const runIds: string[] = [];
    const answer = (nextPageToken: string): ListSnapshotsResponse =>
      create(ListSnapshotsResponseSchema, { runIds, nextPageToken });
    if (selection.lookup === undefined || isForOthers) return answer('');
    const limit = pageSize || DEFAULT_PAGE_SIZE;
    const scan = {
      tenantId,
      lookup: selection.lookup,
      includesReplaced: false,
      after,
      offset: 0,
      wanted: MAX_SCANNED,
      signal,
    };
    let scanned = 0;
    let last: ListPlace | undefined;
    for await (const listed of scanRuns(context.store.tables, scan)) {
      if (last !== undefined && scanned >= MAX_SCANNED) return answer(pageTokenFromPlace(ORDER, scope, last));
      scanned += 1;
      if (await selection.matches(listed)) {
        const hot = await listed.load();
        if ((hot?.run.client?.snapshots.length ?? 0) > 0) {
          // Asked only once one more is found, so that the last page has no token.
          if (last !== undefined && runIds.length >= limit) return answer(pageTokenFromPlace(ORDER, scope, last));
          runIds.push(listed.runId);
        }
      }
      last = listed.place;
    }
    return answer('');
  };
}
