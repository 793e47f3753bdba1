import { create, toBinary } from '@bufbuild/protobuf';
import { type DeadLetter, DeadLetterSchema } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import {
  type ListDeadLettersRequest,
  type ListDeadLettersResponse,
  ListDeadLettersResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { DeadLetterRow } from '#libs/store/tables/dead-letters.ts';
import { DEAD_LETTER_ORDER } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace, parsePageToken } from '#libs/store/tables/page-token.ts';
import type { StateContext } from '../context.ts';
import { listedDeadLetter } from '../dead-letters/dead-letter-message.ts';
import { scanDeadLetters, selectionOf } from '../dead-letters/select-dead-letters.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_BYTES } from '../reads/page-limits.ts';

/** Rows that one call looks at, so that a filter that finds little does not take for ever. */
const MAX_SCANNED = 5_000;

/**
 * QueueService.ListDeadLetters: newest first, then by id, without payloads. A page ends when it is full, at 1 MiB, or
 * after 5 000 rows were looked at, so that a page of a filter that finds little may be short and yet not be the last one.
 */
export function createListDeadLetters(
  context: StateContext,
): UnaryHandler<ListDeadLettersRequest, ListDeadLettersResponse> {
  return async ({ filter, pageSize, pageToken }, { tenantId, signal }) => {
    const selection = selectionOf(filter);
    const { lookup, workflow, reason, failureType, minTime, maxTime } = selection;
    const scope = { tenantId, filter: [lookup, workflow, reason ?? '', failureType, String(minTime), String(maxTime)] };
    const after = pageToken === '' ? undefined : parsePageToken(DEAD_LETTER_ORDER, scope, pageToken);
    const limit = pageSize || DEFAULT_PAGE_SIZE;
    const deadLetters: DeadLetter[] = [];
    let bytes = 0;
    let scanned = 0;
    let last: DeadLetterRow | undefined;
    const answer = (before: DeadLetterRow | undefined): ListDeadLettersResponse =>
      create(ListDeadLettersResponseSchema, {
        deadLetters,
        nextPageToken:
          before === undefined ? '' : pageTokenFromPlace(DEAD_LETTER_ORDER, scope, DEAD_LETTER_ORDER.placeOf(before)),
      });
    for await (const { row, isMeant } of scanDeadLetters(context.store.tables, tenantId, selection, after, signal)) {
      if (last !== undefined && scanned >= MAX_SCANNED) return answer(last);
      scanned += 1;
      if (isMeant) {
        const message = listedDeadLetter(row);
        bytes += toBinary(DeadLetterSchema, message).length;
        const isFull = deadLetters.length >= limit || (deadLetters.length > 0 && bytes > MAX_PAGE_BYTES);
        if (last !== undefined && isFull) return answer(last);
        deadLetters.push(message);
      }
      last = row;
    }
    return answer(undefined);
  };
}
