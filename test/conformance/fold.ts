import type { Line } from './lines.ts';
import { markedLines } from './marks.ts';
import { DOORS, type Place, placeOf, placeText, STORES } from './places.ts';

/** What became of a test. */
export type TestState = 'held' | 'failed' | 'not run';

/** A test that ran, or should have. */
export interface TestOutcome {
  readonly file: string;
  /** The names of its suites, the outermost first, and its own. */
  readonly names: readonly string[];
  readonly state: TestState;
  /** Why it did not run. */
  readonly reason?: string | undefined;
}

/** What became of the tests of a line in one place. */
export interface PlaceResult extends Place {
  /** `failed` when one of them did, else `not run` when one of them did not. */
  readonly state: TestState;
  readonly tests: number;
}

/**
 * `not built yet`: a place where the line has to hold has no test, or what it is about is not built. `not run`: a place
 * has a test, which did not run.
 */
export type Verdict = TestState | 'not built yet';

/** What became of a line. */
export interface LineResult extends Line {
  readonly verdict: Verdict;
  /** Only places with tests. */
  readonly places: readonly PlaceResult[];
  /** What is not built, and where it has to hold and has no test or one that did not run; each in words. */
  readonly lacks: readonly string[];
  /** Tests that failed, each as `file: names`. */
  readonly failures: readonly string[];
}

/** What all tests say about all lines. */
export interface Folded {
  readonly lines: readonly LineResult[];
  /** Tests that name lines which are not there. */
  readonly unknown: readonly string[];
  /** Why tests did not run, each with how many: a server that is missing, and how to get it. */
  readonly notRun: readonly string[];
}

/**
 * Counts the tests of each line by their places, and says what became of it. `notBuilt` are the full names of calls that
 * are not built.
 */
export function foldOutcomes(
  lines: readonly Line[],
  outcomes: readonly TestOutcome[],
  notBuilt: readonly string[] = [],
): Folded {
  const known = new Set(lines.map(({ number }) => number));
  const marked = outcomes.map((outcome) => ({ outcome, numbers: markedLines(outcome.names) }));
  return {
    lines: lines.map((line) =>
      foldLine(
        line,
        marked.filter(({ numbers }) => numbers.includes(line.number)).map(({ outcome }) => outcome),
        notBuilt,
      ),
    ),
    unknown: marked.filter(({ numbers }) => numbers.some((n) => !known.has(n))).map(({ outcome }) => nameOf(outcome)),
    notRun: reasonsOf(outcomes),
  };
}

function reasonsOf(outcomes: readonly TestOutcome[]): readonly string[] {
  const notRun = outcomes.filter(({ state }) => state === 'not run');
  return [...Map.groupBy(notRun, ({ reason }) => reason ?? 'skipped')].map(
    ([reason, tests]) => `${tests.length} tests: ${reason}`,
  );
}

function foldLine(line: Line, outcomes: readonly TestOutcome[], notBuilt: readonly string[]): LineResult {
  const places = placesOf(outcomes);
  const failures = outcomes.filter(({ state }) => state === 'failed').map(nameOf);
  const unbuilt = line.about.filter((wanted) => notBuilt.some((call) => isPartOf(call, wanted)));
  const lacking = line.needs.flatMap((need): readonly Lack[] => {
    const there = places.filter((place) => matches(place, need));
    if (there.some(({ state }) => state !== 'not run')) return [];
    return [{ need: placeText(need), hasTest: there.length > 0 }];
  });
  const isOpen = unbuilt.length > 0 || lacking.some(({ hasTest }) => !hasTest);
  return {
    ...line,
    verdict: failures.length > 0 ? 'failed' : isOpen ? 'not built yet' : lacking.length > 0 ? 'not run' : 'held',
    places,
    lacks: [
      ...worded('not built', unbuilt),
      ...worded('no test', wordsOf(lacking, false)),
      ...worded('not run', wordsOf(lacking, true)),
    ],
    failures,
  };
}

interface Lack {
  readonly need: string;
  readonly hasTest: boolean;
}

function wordsOf(lacking: readonly Lack[], hasTest: boolean): readonly string[] {
  return lacking.filter((lack) => lack.hasTest === hasTest).map(({ need }) => need);
}

function worded(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];
}

/** Whether a call, by its full name, is the one that is wanted or of the service that is: `QueueService`, `QueueService/FailWorkItem`. */
export function isPartOf(call: string, wanted: string): boolean {
  return `.${call}/`.includes(`.${wanted}/`);
}

function placesOf(outcomes: readonly TestOutcome[]): readonly PlaceResult[] {
  return STORES.flatMap((store) =>
    DOORS.flatMap((door) => {
      const here = outcomes.filter(({ names }) => matches(placeOf(names), { store, door }));
      if (here.length === 0) return [];
      const states = here.map(({ state }) => state);
      const state = (['failed', 'not run'] as const).find((bad) => states.includes(bad)) ?? 'held';
      return [{ store, door, state, tests: here.length }];
    }),
  );
}

function matches(place: Place, need: Partial<Place>): boolean {
  return (
    (need.store === undefined || need.store === place.store) && (need.door === undefined || need.door === place.door)
  );
}

function nameOf({ file, names }: TestOutcome): string {
  return `${file}: ${names.join(' > ')}`;
}
