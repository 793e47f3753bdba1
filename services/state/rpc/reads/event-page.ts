import { toBinary } from '@bufbuild/protobuf';
import { type Event as EventMessage, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import type { Event } from '#libs/engine/events/event.ts';
import type { EventWindow } from '#libs/partition/rows/read-events.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { ListOrder } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace, parsePageToken } from '#libs/store/tables/page-token.ts';
import type { StateContext } from '../context.ts';
import { eventToProto } from '../wire/event.ts';
import type { RunRef } from '../wire/lease.ts';
import { payloadToReadableProto } from '../wire/payload.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_BYTES } from './page-limits.ts';
import { type DurableLog, findLog, readLog } from './read-log.ts';

/** Which page of which log. */
export interface EventPageRequest {
  /** Tells the tokens of one call from those of another. */
  readonly list: string;
  readonly key: RunKey;
  /** Empty: the newest. The pages of a list all are of the same one. */
  readonly incarnation: string;
  readonly afterSequence: bigint;
  readonly includeSystem: boolean;
  /** 0: the default. */
  readonly pageSize: number;
  readonly pageToken: string;
  /** Refuses a log that the call is not for. */
  readonly assertLog?: (log: DurableLog) => void;
}

/** A page of a log, as calls answer it. */
export interface EventPage {
  readonly events: EventMessage[];
  readonly nextPageToken: string;
  readonly lastSequence: bigint;
  /** The run has ended: nothing more comes. */
  readonly isOver: boolean;
}

/** Where a page ended: of an incarnation, behind an event; with system records, which have no numbers, before a place. */
type Cursor = readonly [incarnation: string, at: number];

/**
 * Reads a page of a log: as many entries as were asked for, up to 1 MiB, and one where there is one, however large.
 *
 * @throws RUN_NOT_FOUND, PAGE_TOKEN_INVALID, what `assertLog` throws.
 */
export async function readEventPage(context: StateContext, request: EventPageRequest): Promise<EventPage> {
  const { list, key, includeSystem, pageSize, pageToken } = request;
  const scope = {
    tenantId: key.tenantId,
    filter: [key.runId, request.incarnation, request.afterSequence, includeSystem],
  };
  const order: ListOrder<Cursor, Cursor> = { list, parts: ['text', 'number'], placeOf: (cursor) => cursor };
  const cursor = pageToken === '' ? undefined : parsePageToken(order, scope, pageToken);
  const log = await findLog(context, key, cursor?.[0] ?? request.incarnation);
  request.assertLog?.(log);
  const page = await readLog(context, log, windowFrom(request, cursor, pageSize || DEFAULT_PAGE_SIZE));
  const events = fittingEvents(page.events, { runId: key.runId, incarnation: log.incarnation });
  const left = page.events.length - events.length;
  const last = page.events[events.length - 1];
  const hasMore = last !== undefined && (page.hasMore || left > 0);
  const next: Cursor = [log.incarnation, includeSystem ? page.nextPlace - left : (last?.sequence ?? 0)];
  return {
    events,
    nextPageToken: hasMore ? pageTokenFromPlace(order, scope, next) : '',
    lastSequence: BigInt(log.lastSequence),
    isOver: log.isOver,
  };
}

function windowFrom(
  { afterSequence, includeSystem }: EventPageRequest,
  cursor: Cursor | undefined,
  maxEvents: number,
): EventWindow {
  const window = { afterSequence: numberFrom(afterSequence), includeSystem, maxEvents, maxBytes: MAX_PAGE_BYTES };
  if (cursor === undefined) return window;
  return includeSystem ? { ...window, fromPlace: cursor[1] } : { ...window, afterSequence: cursor[1] };
}

/** No log is that long. */
function numberFrom(sequence: bigint): number {
  return sequence > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(sequence);
}

/** The first of some events on the wire, where what the log keeps in a byte or two has names, as many as fit a page. */
function fittingEvents(events: readonly Event[], ref: RunRef): EventMessage[] {
  const fitting: EventMessage[] = [];
  let bytes = 0;
  for (const event of events) {
    const message = eventToProto(event, ref, payloadToReadableProto);
    bytes += toBinary(EventSchema, message).length;
    if (bytes > MAX_PAGE_BYTES && fitting.length > 0) break;
    fitting.push(message);
  }
  return fitting;
}
