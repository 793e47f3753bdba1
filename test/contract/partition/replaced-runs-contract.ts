import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maybeLoadPastRun, maybeLoadRun } from '#libs/partition/rows/load-run.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import { phasesOf } from '#libs/partition/rows/row-phases.ts';
import { settleRunRows, takeRunRows } from '#libs/partition/rows/run-rows.ts';
import { foldEvents } from '#libs/partition/runs/fold-events.ts';
import { createHotRun, type HotRun, replaceRun } from '#libs/partition/runs/hot-run.ts';
import {
  createHistory,
  eventBytesOf,
  type History,
  largeMoves,
  rulesFor,
} from '#libs/partition/runs/testing/history.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { StateHome } from '#test/contract/state/state-homes.ts';
import { readRules } from './run-world.ts';

const SIGNAL = new AbortController().signal;
const FIRST = '01980000-0000-7000-8000-00000000000a';
const SECOND = '01980000-0000-7000-8000-00000000000b';

/** What must hold of incarnations that others replaced, whatever keeps their rows. */
export function replacedRunsContract(name: string, createHome: () => Promise<StateHome>, numRuns: number): void {
  describe(name, { timeout: 120_000 }, () => {
    let home: StateHome;
    let store: OpenStateStore;
    let position = 0;

    beforeAll(async () => {
      home = await createHome();
      store = await home.openState();
    });

    afterAll(async () => {
      await store[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    });

    /** Writes rows of a run, and only those of them that are chosen, until some are not. */
    async function writeRows(hot: HotRun, now: number, choices: readonly boolean[] = [true]): Promise<void> {
      const writes: RowWrite[] = [];
      takeRunRows(hot, now, writes);
      position += 1;
      let at = 0;
      for (const phase of phasesOf(writes)) {
        const some = phase.filter(() => choices[at++ % choices.length]);
        await store.tables.writeRows({ position, time: now }, some, SIGNAL);
        if (some.length < phase.length) return;
      }
      settleRunRows(hot);
    }

    /** What recovery makes of an entry of the journal that does not begin a log. */
    async function loadFirst({ hot, log }: History, covered: number): Promise<HotRun> {
      const { tables } = store;
      const head = await maybeLoadRun(tables, readRules, hot.identity);
      const isNewest = head?.identity.incarnation === FIRST;
      const first = isNewest ? head : await maybeLoadPastRun(tables, readRules, hot.identity);
      if (first === undefined) throw new TypeError('the incarnation has no rows');
      foldEvents(first, eventBytesOf(log.slice(covered), covered + 1, hot.baseTime));
      return first;
    }

    test('[39] an incarnation that was replaced keeps its log and its end, however its owner dies meanwhile', async () => {
      await fc.assert(
        fc.asyncProperty(
          largeMoves,
          largeMoves,
          fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
          async (before, after, choices) => {
            const { tables } = store;
            const runId = `replaced-${position}`;
            const first = createHistory('SERVER', { runId, incarnation: FIRST });
            first.play(before);
            await writeRows(first.hot, first.now);
            const covered = first.log.length;
            first.play(after);
            first.act({ kind: 'terminateRun', requestedBy: '', reason: '' });
            const second = createHistory('SERVER', { runId, incarnation: SECOND });
            second.play(after);
            replaceRun(first.hot, second.hot);
            await writeRows(second.hot, second.now, choices);

            const recovered = createHotRun(second.hot.identity, rulesFor(second.hot.identity.driver), second.hot.start);
            foldEvents(recovered, eventBytesOf(second.log, 1, recovered.baseTime));
            replaceRun(await loadFirst(first, covered), recovered);
            await writeRows(recovered, second.now);

            for (const { hot, log } of [first, second]) {
              const loaded =
                hot === first.hot
                  ? await maybeLoadPastRun(tables, readRules, hot.identity)
                  : await maybeLoadRun(tables, readRules, hot.identity);
              expect(loaded?.identity).toEqual(hot.identity);
              expect(loaded?.run).toEqual(hot.run);
              expect(loaded?.ended).toEqual(hot.ended);
              if (loaded === undefined) continue;
              const window = { afterSequence: 0, maxEvents: 10_000, maxBytes: 1e9 };
              const { events } = await readEvents(tables, loaded, window);
              expect(events.map(({ kind }) => kind)).toEqual(log.map(({ kind }) => kind));
            }
            expect(await tables.itemsOfRun(first.hot.identity, 10)).toEqual([]);
          },
        ),
        { numRuns },
      );
    });
  });
}
