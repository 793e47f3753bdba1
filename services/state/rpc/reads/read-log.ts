import type { Event } from '#libs/engine/events/event.ts';
import { type Driver, isTerminal } from '#libs/engine/model/status.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { type EventWindow, readEvents } from '#libs/partition/rows/read-events.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { lookAt } from './look-at.ts';

/** The log of an incarnation as far as it is durable at one moment. */
export interface DurableLog {
  readonly hot: HotRun;
  readonly incarnation: string;
  readonly driver: Driver;
  /** The last event's number. 0: it is empty. */
  readonly lastSequence: number;
  /** The place behind its last entry. */
  readonly end: number;
  /** Nothing more will come. */
  readonly isOver: boolean;
}

/** Some entries of a log. */
export interface LogPage {
  readonly events: readonly Event[];
  /** Whether there are more that are durable. */
  readonly hasMore: boolean;
  /** The place behind what was looked at. */
  readonly nextPlace: number;
}

/**
 * Finds the log of an incarnation, the newest where none is named.
 *
 * @throws RUN_NOT_FOUND, UNAVAILABLE.
 */
export function findLog(context: StateContext, key: RunKey, incarnation: string): Promise<DurableLog> {
  return lookAt(context, key, incarnation, (hot) => ({
    hot,
    incarnation: hot.identity.incarnation,
    driver: hot.identity.driver,
    lastSequence: hot.run.lastSequence,
    end: hot.tail.nextSequence,
    isOver: isTerminal(hot.run.status),
  }));
}

/**
 * Reads entries that are durable: at least one where there is one that is wanted.
 *
 * @throws RUN_NOT_FOUND for a run that was deleted meanwhile, DATA_CORRUPTION for a log that does not decode.
 */
export async function readLog(context: StateContext, log: DurableLog, window: EventWindow): Promise<LogPage> {
  const { hot, lastSequence, end, incarnation } = log;
  // The run goes on while its events are read: what came since is not known to be durable.
  try {
    const page = await readEvents(context.store.tables, hot, window);
    const tooMany = Math.max(0, page.nextPlace - end);
    const withSystem = window.includeSystem === true;
    const events = withSystem
      ? page.events.slice(0, Math.max(0, page.events.length - tooMany))
      : page.events.filter(({ sequence }) => sequence <= lastSequence);
    const nextPlace = Math.min(page.nextPlace, end);
    const isBehind = withSystem ? nextPlace < end : (events.at(-1)?.sequence ?? lastSequence) < lastSequence;
    return { events, hasMore: isBehind, nextPlace };
  } catch (error) {
    if (!(error instanceof DomainError && error.reason === 'DATA_CORRUPTION')) throw error;
    await findLog(context, hot.identity, incarnation);
    throw error;
  }
}
