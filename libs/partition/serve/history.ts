import { DomainError } from '#libs/errors/domain-error.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { maybeLoadPastRun, type ReadRules } from '../rows/load-run.ts';
import { type EventPage, type EventWindow, readEvents } from '../rows/read-events.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { ask } from './ask.ts';
import type { Partition } from './partition.ts';

/** Where runs and their logs are read. */
export interface HistorySource {
  readonly tables: StateTables;
  readonly readRules: ReadRules;
}

/** Some events of an incarnation. */
export interface HistoryPage extends EventPage {
  readonly hot: HotRun;
  /** The last event that was durable. */
  readonly lastSequence: number;
}

/** An incarnation as it was when it was found. */
interface FoundRun {
  readonly hot: HotRun;
  readonly lastSequence: number;
  /** The place behind its last entry. */
  readonly end: number;
}

/** Calls of a run at most until nothing happened to it while it was read. */
const MAX_ATTEMPTS = 100;

/**
 * Reads events of an incarnation, the newest where none is named: those that are durable, and at least one where there
 * is one.
 *
 * @throws RUN_NOT_FOUND.
 */
export async function readHistory(
  source: HistorySource,
  partition: Partition,
  key: RunKey,
  incarnation: string,
  window: EventWindow,
): Promise<HistoryPage> {
  for (let attempt = 1; ; attempt += 1) {
    const { hot, lastSequence, end } = await findRun(source, partition, key, incarnation);
    // What was decided since the answer was made may not be durable, and `readEvents` reads what is in memory now.
    if (hot.tail.nextSequence !== end && attempt < MAX_ATTEMPTS) continue;
    const page = await readEvents(source.tables, hot, window);
    const events = page.events.filter(({ sequence }) => sequence <= lastSequence);
    return { events, hasMore: page.hasMore, hot, lastSequence };
  }
}

/**
 * Finds an incarnation: in memory, or in the tables when it was replaced. The answer is durable.
 *
 * @throws RUN_NOT_FOUND.
 */
export async function findRun(
  { tables, readRules }: HistorySource,
  partition: Partition,
  key: RunKey,
  incarnation: string,
): Promise<FoundRun> {
  const found = await ask(partition, key, {
    intent: 'read',
    act: ({ hot }) => {
      const wanted =
        incarnation === '' || hot?.identity.incarnation === incarnation
          ? hot
          : hot?.replaced.find(({ identity }) => identity.incarnation === incarnation);
      return wanted === undefined ? undefined : foundRun(wanted);
    },
  });
  if (found !== undefined) return found;
  const past = incarnation === '' ? undefined : await maybeLoadPastRun(tables, readRules, { ...key, incarnation });
  if (past === undefined) throw runNotFound(key, incarnation);
  return foundRun(past);
}

function foundRun(hot: HotRun): FoundRun {
  return { hot, lastSequence: hot.run.lastSequence, end: hot.tail.nextSequence };
}

/** The error for a run, or an incarnation of it, that does not exist. */
export function runNotFound({ runId }: RunKey, incarnation: string = ''): DomainError {
  const metadata = incarnation === '' ? { run_id: runId } : { run_id: runId, incarnation };
  return new DomainError(
    'RUN_NOT_FOUND',
    incarnation === '' ? 'there is no such run' : 'there is no such start of the run',
    {
      metadata,
    },
  );
}
