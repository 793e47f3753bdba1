import type { Event } from '#libs/engine/events/event.ts';
import { createByteReader } from '#libs/engine/log/byte-reader.ts';
import { decodeEvent } from '#libs/engine/log/event-codec.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { assertNext, type EventBytes, nextSequence, splitEvents } from '../runs/event-bytes.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { firstOfHundred } from '../runs/segment.ts';
import { placeOf } from './place-of.ts';
import { createSegmentReader, type SegmentReader, type SegmentTables } from './segment-reader.ts';

/** Which events: after one number, so many at most, up to a size. */
export interface EventWindow {
  readonly afterSequence: number;
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Also system records; without, only the events of a CLIENT run. False by default; a SERVER run has none. */
  readonly includeSystem?: boolean;
  /** Goes on at this place of the log instead: `nextPlace` of the page before. System records have no number of their own. */
  readonly fromPlace?: number;
}

/** Some events in order, and whether the log goes on behind them. */
export interface EventPage {
  readonly events: readonly Event[];
  readonly hasMore: boolean;
}

/** A page, and where the next one begins. */
export interface PlacedPage extends EventPage {
  /** The place that comes after the last of the events. */
  readonly nextPlace: number;
}

/**
 * Reads events of a run, those in memory without a read. At least one event is answered where there is one, however
 * large.
 *
 * @throws DATA_CORRUPTION for a segment that is missing or does not decode.
 */
export async function readEvents(tables: SegmentTables, hot: HotRun, window: EventWindow): Promise<PlacedPage> {
  // What is in memory now; rows are read meanwhile, and the run goes on.
  const { tail } = hot;
  const log = { lastSequence: hot.run.lastSequence, end: tail.nextSequence, memory: [...tail.chunks] };
  const memoryFrom = tail.firstSequence;
  try {
    const segments = createSegmentReader(tables, hot.identity, memoryFrom);
    const from = window.fromPlace ?? (await startOf(segments, hot, log, window.afterSequence));
    const taker = createTaker(window, hot, from);
    for (let first = firstOfHundred(from); first < memoryFrom && from < memoryFrom && !taker.isFull; ) {
      const segment = await segments.read(first, window.maxEvents - taker.events.length);
      taker.add(segment);
      first = nextSequence(segment);
    }
    for (const chunk of log.memory) if (!taker.isFull) taker.add(chunk);
    const { events, nextPlace } = taker;
    const lastGiven = events.at(-1)?.sequence ?? window.afterSequence;
    const hasMore = window.includeSystem === true ? nextPlace < log.end : lastGiven < log.lastSequence;
    return { events, hasMore: hasMore && events.length > 0, nextPlace };
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new DomainError('DATA_CORRUPTION', `the log of run ${hot.identity.runId} cannot be read`, { cause: error });
  }
}

interface Log {
  readonly lastSequence: number;
  readonly end: number;
  readonly memory: readonly EventBytes[];
}

/** The place behind an event. */
async function startOf(segments: SegmentReader, hot: HotRun, log: Log, sequence: number): Promise<number> {
  if (sequence === 0) return 1;
  if (sequence > log.lastSequence) return log.end;
  if (hot.identity.driver === 'SERVER') return sequence + 1;
  return 1 + (await placeOf(segments, log.memory, hot.baseTime, sequence));
}

interface Taker {
  readonly events: Event[];
  readonly nextPlace: number;
  readonly isFull: boolean;
  add(chunk: EventBytes): void;
}

function createTaker(window: EventWindow, { identity, baseTime }: HotRun, from: number): Taker {
  const { maxEvents, maxBytes } = window;
  const isServer = identity.driver === 'SERVER';
  const withSystem = window.includeSystem === true;
  const events: Event[] = [];
  let nextPlace = from;
  let last: number | undefined;
  let bytes = 0;
  let isFull = false;
  return {
    events,
    get nextPlace() {
      return nextPlace;
    },
    get isFull() {
      return isFull;
    },
    add: (chunk) => {
      const end = nextSequence(chunk);
      const reader = createByteReader(splitEvents(chunk, nextPlace)[1].bytes);
      while (nextPlace < end && !isFull) {
        const start = reader.position;
        const event = decodeEvent(reader, baseTime);
        assertNext(event, nextPlace, isServer ? nextPlace - 1 : last);
        const size = reader.position - start;
        const isWanted = withSystem || event.kind !== 'systemRecord';
        if (isWanted && events.length > 0 && bytes + size > maxBytes) {
          isFull = true;
          return;
        }
        last = event.sequence;
        nextPlace += 1;
        if (!isWanted) continue;
        events.push(event);
        bytes += size;
        isFull = events.length >= maxEvents;
      }
    },
  };
}
