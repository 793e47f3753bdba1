import type { Event } from '#libs/engine/events/event.ts';
import type { EventWindow } from '#libs/partition/rows/read-events.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { type DurableLog, findLog, readLog } from './read-log.ts';

/** Events of one read. */
const MAX_EVENTS = 500;
/** Bytes of one read, as the log keeps them: what a stream holds of a log at a time. */
const MAX_BYTES: number = 256 * 1024;

/** Where to begin. */
export interface FollowStart {
  /** Empty: the newest; the follower stays with it. */
  readonly incarnation: string;
  readonly afterSequence: bigint;
  /**
   * Also system records. After an event that is named, those that follow it are left out: whoever had the event may have
   * had them.
   */
  readonly includeSystem: boolean;
}

/** What comes next. */
export interface Followed {
  readonly log: DurableLog;
  readonly events: readonly Event[];
  /** Whether there is more to read at once. */
  readonly hasMore: boolean;
}

/** Goes along a log. */
export interface LogFollower {
  /**
   * Reads what comes after what was read, none if nothing is there yet.
   *
   * @throws RUN_NOT_FOUND, UNAVAILABLE, DATA_CORRUPTION.
   */
  next(): Promise<Followed>;
}

/** Follows a log from an event on. */
export function createLogFollower(context: StateContext, key: RunKey, start: FollowStart): LogFollower {
  const { includeSystem } = start;
  let { incarnation } = start;
  let afterSequence = Number(start.afterSequence);
  let fromPlace: number | undefined;
  const skipUpTo = includeSystem ? afterSequence : 0;

  return {
    next: async () => {
      const log = await findLog(context, key, incarnation);
      incarnation = log.incarnation;
      const bounds = { afterSequence, includeSystem, maxEvents: MAX_EVENTS, maxBytes: MAX_BYTES };
      const window: EventWindow = fromPlace === undefined ? bounds : { ...bounds, fromPlace };
      const { events, hasMore, nextPlace } = await readLog(context, log, window);
      if (includeSystem) fromPlace = nextPlace;
      else afterSequence = events.at(-1)?.sequence ?? afterSequence;
      return { log, events: skipUpTo === 0 ? events : events.filter(({ sequence }) => sequence > skipUpTo), hasMore };
    },
  };
}
