import type { Event } from '#libs/engine/events/event.ts';
import type { Driver } from '#libs/engine/model/status.ts';
import { maybeLoadRun, type ReadRules } from '#libs/partition/rows/load-run.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import { phasesOf } from '#libs/partition/rows/row-phases.ts';
import { settleRunRows, takeRunRows } from '#libs/partition/rows/run-rows.ts';
import { foldEvents } from '#libs/partition/runs/fold-events.ts';
import { createHotRun, type HotRun } from '#libs/partition/runs/hot-run.ts';
import {
  createHistory,
  eventBytesOf,
  HISTORY_RULES,
  type History,
  type LargeMove,
  rulesFor,
} from '#libs/partition/runs/testing/history.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';

const SIGNAL = new AbortController().signal;

/** The position that the next write of a test has: it only grows, whichever run it is of. */
let position = 1;

/** A run, the tables behind it, and what stands in its journal. */
export interface RunWorld {
  readonly history: History;
  readonly tables: StateTables;
  /** Writes rows of everything so far, while something goes on. */
  round(meanwhile?: readonly LargeMove[]): Promise<void>;
  /** Writes some of the rows, those of a phase in part, and then its owner dies: another one takes the run over. */
  crash(choices: readonly boolean[], meanwhile: readonly LargeMove[]): Promise<void>;
  /** Writes some of the rows, as `crash` does, but the run lives on. */
  fail(choices: readonly boolean[], meanwhile: readonly LargeMove[]): Promise<void>;
  /** Takes the run out of memory and loads it again. Only after a round during which nothing went on. */
  reload(): Promise<HotRun>;
  /** The whole log as it is read back, a page at a time. */
  readLog(page: { readonly maxEvents: number; readonly maxBytes: number }): Promise<readonly Event[]>;
}

/** Answers the same rules for every definition. */
export const readRules: ReadRules = async () => HISTORY_RULES;

/** Makes a run that lives in tables. */
export function createRunWorld(tables: StateTables, driver: Driver, runId: string): RunWorld {
  const history = createHistory(driver, { runId });
  const { start, identity } = history.hot;
  /** How many entries of the log the last round that was finished covers: what comes after is in the journal. */
  let covered = 0;

  function take(): readonly (readonly RowWrite[])[] {
    const writes: RowWrite[] = [];
    takeRunRows(history.hot, history.now, writes);
    return phasesOf(writes);
  }

  async function write(writes: readonly RowWrite[]): Promise<void> {
    await tables.writeRows({ position, time: history.now }, writes, SIGNAL);
  }

  /** The run goes on while its rows are written. */
  async function writeSome(choices: readonly boolean[], meanwhile: readonly LargeMove[]): Promise<void> {
    const phases = take();
    history.play(meanwhile);
    let at = 0;
    for (const phase of phases) {
      const some = phase.filter(() => choices[at++ % choices.length]);
      await write(some);
      if (some.length < phase.length) break;
    }
    position += 1;
  }

  return {
    history,
    tables,
    round: async (meanwhile = []) => {
      const phases = take();
      covered = history.log.length;
      history.play(meanwhile);
      for (const phase of phases) await write(phase);
      position += 1;
      settleRunRows(history.hot);
    },
    fail: writeSome,
    crash: async (choices, meanwhile) => {
      await writeSome(choices, meanwhile);
      const loaded = covered === 0 ? undefined : await maybeLoadRun(tables, readRules, identity);
      const hot = loaded ?? createHotRun(identity, rulesFor(identity.driver), start);
      foldEvents(hot, eventBytesOf(history.log.slice(covered), covered + 1, hot.baseTime));
      history.hot = hot;
    },
    reload: async () => {
      const hot = await maybeLoadRun(tables, readRules, identity);
      if (hot === undefined) throw new TypeError('the run has no head');
      history.hot = hot;
      return hot;
    },
    readLog: async (page) => {
      const events: Event[] = [];
      let fromPlace = 1;
      for (;;) {
        const window = { afterSequence: 0, fromPlace, includeSystem: true, ...page };
        const { events: more, hasMore, nextPlace } = await readEvents(tables, history.hot, window);
        events.push(...more);
        if (!hasMore) return events;
        fromPlace = nextPlace;
      }
    },
  };
}
