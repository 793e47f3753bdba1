import { create, toBinary } from '@bufbuild/protobuf';
import { type AuditEntry, AuditEntrySchema } from '#gen/millrace/state/v1/audit_pb.ts';
import {
  type ListEntriesRequest,
  type ListEntriesResponse,
  ListEntriesResponseSchema,
} from '#gen/millrace/state/v1/audit_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { ListOrder } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace, parsePageToken } from '#libs/store/tables/page-token.ts';
import { auditSelection } from '../access/audit-filter.ts';
import { chainEntries } from '../access/chain-entries.ts';
import { type RunPlace, scanRunEntries } from '../access/scan-run-entries.ts';
import type { StateContext } from '../context.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_BYTES } from '../reads/page-limits.ts';

/** Entries and events that one call looks at, so that a filter that finds little does not take for ever. */
const MAX_SCANNED = 5_000;

/** Below which number the chain goes on; 1: it is over, and where the scan of runs is follows. */
type Cursor = readonly [before: number, ...RunPlace];

const ORDER: ListOrder<Cursor, Cursor> = {
  list: 'audit',
  parts: ['number down', 'number down', 'text', 'text down', 'number'],
  placeOf: (cursor) => cursor,
};
/** The scan of runs has not begun. */
const NO_RUN: RunPlace = [0, '', '', 0];

/**
 * AuditService.ListEntries: the chain, newest first, and then, where they are asked for, what the logs of runs say. A page
 * ends when it is full, at 1 MiB, or after 5 000 entries and events were looked at, so that it may be short and yet not be
 * the last one.
 */
export function createListEntries(context: StateContext): UnaryHandler<ListEntriesRequest, ListEntriesResponse> {
  return async ({ filter, pageSize, pageToken }, { tenantId, signal }) => {
    const { tables } = context.store;
    const selection = auditSelection(filter);
    const scope = { tenantId, filter: selection.text };
    const limit = pageSize || DEFAULT_PAGE_SIZE;
    const cursor = pageToken === '' ? undefined : parsePageToken(ORDER, scope, pageToken);
    const entries: AuditEntry[] = [];
    let bytes = 0;
    let scanned = 0;
    const isFull = (): boolean => entries.length >= limit || bytes >= MAX_PAGE_BYTES || scanned >= MAX_SCANNED;
    const take = (entry: AuditEntry): void => {
      entries.push(entry);
      bytes += toBinary(AuditEntrySchema, entry).length;
    };
    const answer = (next?: Cursor): ListEntriesResponse =>
      create(ListEntriesResponseSchema, {
        entries,
        nextPageToken: next === undefined ? '' : pageTokenFromPlace(ORDER, scope, next),
      });

    let before = cursor?.[0];
    for await (const entry of chainEntries(tables.audit, tenantId, before, signal)) {
      if (isFull()) return answer([before ?? Number(entry.number) + 1, ...NO_RUN]);
      scanned += 1;
      if (selection.matches(entry)) take(entry);
      before = Number(entry.number);
    }
    // No entry of a run names a token.
    if (!selection.includesRuns || (filter?.tokenId ?? '') !== '') return answer();
    const [startTime, runId, incarnation, logPlace] =
      cursor === undefined ? NO_RUN : (cursor.slice(1) as [...RunPlace]);
    const after: RunPlace | undefined = incarnation === '' ? undefined : [startTime, runId, incarnation, logPlace];
    const targetId = filter?.targetId ?? '';
    let place = after;
    for await (const step of scanRunEntries(tables, tenantId, selection, targetId, after, signal)) {
      if (isFull()) return answer([1, ...(place ?? NO_RUN)]);
      scanned += step.cost;
      if (step.entry !== undefined) take(step.entry);
      place = step.place;
    }
    return answer();
  };
}
