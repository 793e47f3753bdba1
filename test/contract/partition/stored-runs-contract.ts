import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Event } from '#libs/engine/events/event.ts';
import { itemIdFrom } from '#libs/engine/model/lease.ts';
import { readyItemsOf } from '#libs/partition/rows/item-rows.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import { noSavedPayloads, withoutPayloads } from '#libs/partition/runs/saved-snapshots.ts';
import { eventBytesOf, fewMoves, type LargeMove, largeMoves } from '#libs/partition/runs/testing/history.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import type { StateHome } from '#test/contract/state/state-homes.ts';
import { createRunWorld, type RunWorld } from './run-world.ts';

/** What happens to a run: moves, then its rows are written, or its owner dies while they are. */
interface Stage {
  readonly moves: readonly LargeMove[];
  readonly end: 'round' | 'crash' | 'retry' | 'reload' | 'nothing';
  /** What goes on while rows are written. */
  readonly meanwhile: readonly LargeMove[];
  /** Which of the rows are written before the owner dies or the round fails. */
  readonly choices: readonly boolean[];
}

function livesOf(moves: fc.Arbitrary<readonly LargeMove[]>, maxLength: number): fc.Arbitrary<readonly Stage[]> {
  const stage = fc.record({
    moves,
    end: fc.constantFrom<Stage['end'][]>('round', 'round', 'crash', 'retry', 'reload', 'nothing'),
    meanwhile: fc.oneof(fc.constant([]), fewMoves),
    choices: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
  });
  return fc.array(stage, { minLength: 1, maxLength, size: 'max' });
}

const lives = fc.oneof(livesOf(largeMoves, 5), livesOf(fewMoves, 25));

async function live(world: RunWorld, life: readonly Stage[]): Promise<void> {
  const { history } = world;
  for (const { moves, end, meanwhile, choices } of life) {
    history.play(moves);
    if (end === 'round') await world.round(meanwhile);
    if (end === 'reload') await world.round();
    if (end === 'reload') await world.reload();
    if (end === 'crash') await world.crash(choices, meanwhile);
    if (end === 'retry') await world.fail(choices, meanwhile);
  }
}

/** What must hold of runs that are kept in tables, whatever keeps those. */
export function storedRunsContract(name: string, createHome: () => Promise<StateHome>, numRuns: number): void {
  describe(name, { timeout: 120_000 }, () => {
    let home: StateHome;
    let store: OpenStateStore;
    let runs = 0;

    beforeAll(async () => {
      home = await createHome();
      store = await home.openState();
    });

    afterAll(async () => {
      await store[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    });

    function createWorld(driver: 'SERVER' | 'CLIENT'): RunWorld {
      runs += 1;
      return createRunWorld(store.tables, driver, `run-${runs}`);
    }

    describe.each(['SERVER', 'CLIENT'] as const)('a %s run', (driver) => {
      test('[61] is the same, with the same log, after it was loaded at any point of any life', async () => {
        await fc.assert(
          fc.asyncProperty(
            lives,
            fc.integer({ min: 1, max: 60 }),
            fc.nat(300_000),
            async (life, maxEvents, maxBytes) => {
              const world = createWorld(driver);
              const { history } = world;
              await live(world, life);
              await world.round();
              const before = history.hot;
              expectSameEvents(await world.readLog({ maxEvents, maxBytes }), history.log);
              const loaded = await world.reload();
              expect(loaded.run).toEqual(before.run);
              expect(loaded.ended).toEqual(before.ended);
              expect(loaded.start).toEqual(before.start);
              expect(loaded.tail.nextSequence).toBe(history.log.length + 1);
              expectSameEvents(await world.readLog({ maxEvents: 1_000, maxBytes: 3_000_000 }), history.log);
            },
          ),
          { numRuns: driver === 'SERVER' ? numRuns : Math.ceil(numRuns / 3) },
        );
      });

      test('[58] is read by pages of any number and size, after any event, as the log is sliced', async () => {
        await fc.assert(
          fc.asyncProperty(
            largeMoves,
            fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 150 }), fc.nat(400_000)), {
              minLength: 1,
              maxLength: 5,
            }),
            async (moves, windows) => {
              const world = createWorld(driver);
              const { history } = world;
              history.play(moves);
              await world.round();
              history.play(moves);
              for (const [afterSequence, maxEvents, maxBytes] of windows) {
                const window = { afterSequence, maxEvents, maxBytes };
                const page = await readEvents(store.tables, history.hot, window);
                const wanted = history.log.filter(
                  ({ kind, sequence }) => kind !== 'systemRecord' && sequence > afterSequence,
                );
                expectSameEvents(page.events, wanted.slice(0, page.events.length));
                expect(page.hasMore).toBe(page.events.length < wanted.length);
                expect(page.events.length).toBe(countOfPage(wanted, history.hot.baseTime, window));
              }
            },
          ),
          { numRuns },
        );
      });
    });

    test.each(['SERVER', 'CLIENT'] as const)(
      'a %s run has the rows of the items that wait, and no others, however its owners died',
      async (driver) => {
        await fc.assert(
          fc.asyncProperty(livesOf(fewMoves, 25), async (life) => {
            const world = createWorld(driver);
            const { history, tables } = world;
            await live(world, life);
            await world.round();
            const { hot, now } = history;
            const rows = await tables.itemsOfRun(hot.identity, 100);
            const ready = Array.from(readyItemsOf(hot, now).keys(), (item) =>
              itemIdFrom(hot.identity.incarnation, item),
            );
            expect(new Set(rows.map(({ itemId }) => itemId))).toEqual(new Set(ready));
          }),
          { numRuns: numRuns * 3 },
        );
      },
    );
  });
}

/** How many events a page holds: as many as fit, and at least one. */
function countOfPage(
  wanted: readonly Event[],
  baseTime: number,
  { maxEvents, maxBytes }: { readonly maxEvents: number; readonly maxBytes: number },
): number {
  let bytes = 0;
  let count = 0;
  for (const event of wanted) {
    bytes += eventBytesOf([event], 1, baseTime).bytes.length;
    if (count === maxEvents || (count > 0 && bytes > maxBytes)) break;
    count += 1;
  }
  return count;
}

/**
 * Compares texts, because there are many bytes. Fields may stand in any order. A log that was recovered is without what
 * runtimes saved, which has rows of its own.
 */
function expectSameEvents(events: readonly Event[], wanted: readonly Event[]): void {
  expect(events.length).toBe(wanted.length);
  expect(textOf(events) === textOf(wanted)).toBe(true);
}

function textOf(events: readonly Event[]): string {
  return JSON.stringify(withoutPayloads(events, noSavedPayloads()), jsonValue);
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
